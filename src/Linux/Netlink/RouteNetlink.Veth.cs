using System;
using System.Buffers.Binary;
using Overlay.Linux.Interop;

namespace Overlay.Linux.Netlink;

// Links with an end in another network namespace (linux/veth.h, linux/if_link.h).
public sealed partial class RouteNetlink
{
    /// <summary>Makes a pair of interfaces that are each other's wire; both are down.</summary>
    /// <param name="name">The end in this namespace, 1 to 15 bytes.</param>
    /// <param name="farName">The other end.</param>
    /// <param name="farNamespace">Where the other end is.</param>
    /// <param name="mtu">Of both, 68 to 65,535 bytes.</param>
    /// <exception cref="LinuxException">EEXIST: a name is in use. EOPNOTSUPP: the kernel has no veth.</exception>
    public void CreateVethPair(string name, string farName, NetworkNamespace farNamespace, int mtu)
    {
        NetlinkMessageWriter request = BeginLink(stackalloc byte[NewLinkBytes]);
        request.WriteStringAttribute(Native.IFLA_IFNAME, name);
        request.WriteAttribute(Native.IFLA_MTU, (uint)mtu);
        int info = request.BeginNested(Native.IFLA_LINKINFO);
        request.WriteStringAttribute(Native.IFLA_INFO_KIND, "veth");
        int data = request.BeginNested(Native.IFLA_INFO_DATA);
        int peer = request.BeginNested(Native.VETH_INFO_PEER);
        request.WriteStruct(default(ifinfomsg));
        request.WriteStringAttribute(Native.IFLA_IFNAME, farName);
        request.WriteAttribute(Native.IFLA_MTU, (uint)mtu);
        request.WriteAttribute(Native.IFLA_NET_NS_FD, (uint)farNamespace.DescriptorNumber);
        request.EndNested(peer);
        request.EndNested(data);
        request.EndNested(info);
        RequireMade(request.Finish(), $"could not make the veth interface {name}");
    }

    /// <summary>
    /// Makes an interface that receives VXLAN-GPE of any VNI in this namespace, and is itself in another; it is down.
    /// </summary>
    /// <param name="name">1 to 15 bytes.</param>
    /// <param name="place">Where the interface is; its socket stays in this namespace.</param>
    /// <param name="port">UDP port, all addresses.</param>
    /// <exception cref="LinuxException">EEXIST: the name is in use. EOPNOTSUPP: the kernel has no vxlan.</exception>
    public void CreateVxlanReceiver(string name, NetworkNamespace place, ushort port)
    {
        NetlinkMessageWriter request = BeginLink(stackalloc byte[NewLinkBytes]);
        request.WriteStringAttribute(Native.IFLA_IFNAME, name);
        request.WriteAttribute(Native.IFLA_NET_NS_FD, (uint)place.DescriptorNumber);
        int info = request.BeginNested(Native.IFLA_LINKINFO);
        request.WriteStringAttribute(Native.IFLA_INFO_KIND, VxlanMessages.Kind);
        int data = request.BeginNested(Native.IFLA_INFO_DATA);
        request.WriteAttribute(Native.IFLA_VXLAN_COLLECT_METADATA, [1]);
        request.WriteAttribute(Native.IFLA_VXLAN_LEARNING, [0]);
        request.WriteAttribute(Native.IFLA_VXLAN_GPE, ReadOnlySpan<byte>.Empty);
        Span<byte> inNetworkOrder = stackalloc byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16BigEndian(inNetworkOrder, port);
        request.WriteAttribute(Native.IFLA_VXLAN_PORT, inNetworkOrder);
        request.EndNested(data);
        request.EndNested(info);
        RequireMade(request.Finish(), $"could not make the vxlan interface {name}");
    }

    private static NetlinkMessageWriter BeginLink(Span<byte> buffer)
    {
        var request = new NetlinkMessageWriter(
            buffer, Native.RTM_NEWLINK, Native.NLM_F_ACK | Native.NLM_F_CREATE | Native.NLM_F_EXCL);
        request.WriteStruct(default(ifinfomsg));
        return request;
    }

    private void RequireMade(Span<byte> request, string what)
    {
        NetlinkAnswer answer = _socket.Execute(request);
        if (answer.Errno != Errno.None)
        {
            throw NetlinkRefusal.Of("RTM_NEWLINK", answer, what);
        }
    }
}
