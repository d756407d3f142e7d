using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace Overlay.Linux.Bpf;

/// <summary>Where on an interface a program looks at packets (linux/bpf.h, enum bpf_attach_type; Linux 6.6).</summary>
public enum BpfAttachPoint
{
    /// <summary>What the interface receives, before netfilter and routing (BPF_TCX_INGRESS).</summary>
    Ingress = 46,

    /// <summary>What leaves by the interface, after routing and before its queue (BPF_TCX_EGRESS).</summary>
    Egress = 47,
}

/// <summary>A program on an interface, for as long as this is open: a process that ends leaves nothing.</summary>
public sealed unsafe class BpfLink : IDisposable
{
    private const int MostAtOnePlace = 64; // BPF_MPROG_MAX

    private readonly SafeFd _fd;
    private readonly bool _isOwn;

    private BpfLink(SafeFd fd, int interfaceIndex, bool isOwn)
    {
        _fd = fd;
        _isOwn = isOwn;
        InterfaceIndex = interfaceIndex;
    }

    /// <summary>The interface, by the namespace in which it was attached.</summary>
    public int InterfaceIndex { get; }

    /// <summary>Puts a program behind those that are there already; they stay.</summary>
    /// <param name="program">It stays loaded with the link.</param>
    /// <param name="interfaceIndex">Of the calling thread's network namespace.</param>
    /// <param name="point">Which way.</param>
    /// <exception cref="LinuxException">EINVAL: the kernel is older than 6.6. ENODEV: there is no such
    /// interface.</exception>
    public static BpfLink Attach(BpfProgram program, int interfaceIndex, BpfAttachPoint point)
    {
        using SafeFd.Held held = program.Descriptor.Hold();
        var attribute = new CreateAttribute
        {
            Program = (uint)held.Number,
            InterfaceIndex = (uint)interfaceIndex,
            Point = (uint)point,
        };
        var fd = new SafeFd();
        SyscallResult made = BpfCall.Make(BpfCommand.LinkCreate, ref attribute);
        if (!made.Succeeded)
        {
            fd.Dispose();
            throw new LinuxException(
                "bpf", made.Errno, $"could not attach a program to interface {interfaceIndex}", made.Errno switch
                {
                    Errno.EINVAL => "it needs tcx, which Linux has since 6.6",
                    var other => BpfCall.Advice(other),
                });
        }

        fd.Adopt(made.Count);
        return new BpfLink(fd, interfaceIndex, isOwn: true);
    }

    /// <summary>Opens every link at a place, whoever has attached it, in the order in which they see packets.</summary>
    /// <param name="interfaceIndex">Of the calling thread's network namespace.</param>
    /// <param name="point">Which way.</param>
    /// <exception cref="LinuxException">ENODEV: there is no such interface. EPERM.</exception>
    /// <remarks>For tests, which take what somebody else could take.</remarks>
    public static BpfLink[] OpenAll(int interfaceIndex, BpfAttachPoint point)
    {
        uint* programs = stackalloc uint[MostAtOnePlace];
        uint* links = stackalloc uint[MostAtOnePlace];
        var query = new QueryAttribute
        {
            InterfaceIndex = (uint)interfaceIndex,
            Point = (uint)point,
            Programs = (ulong)programs,
            Count = MostAtOnePlace,
            Links = (ulong)links,
        };

        // Safe because both arrays are on the stack, and the kernel is told how many entries each has.
        SyscallResult listed = BpfCall.Make(BpfCommand.ProgramQuery, ref query);
        if (!listed.Succeeded)
        {
            throw new LinuxException(
                "bpf", listed.Errno, $"could not list the programs of interface {interfaceIndex}",
                BpfCall.Advice(listed.Errno));
        }

        var opened = new List<BpfLink>();
        for (int i = 0; i < query.Count; i++)
        {
            var identifier = new IdentifierAttribute { Id = links[i] };
            var fd = new SafeFd();
            SyscallResult found = BpfCall.Make(BpfCommand.LinkById, ref identifier);
            if (found.Succeeded) // it is gone again otherwise, or none: an older way of attaching has no links
            {
                fd.Adopt(found.Count);
                opened.Add(new BpfLink(fd, interfaceIndex, isOwn: false));
            }
        }

        return [.. opened];
    }

    /// <summary>Whether the program is still there: somebody can detach it, and it goes with its interface.</summary>
    public bool IsAttached
    {
        get
        {
            using SafeFd.Held held = _fd.Hold();
            LinkInfo info = default;
            var attribute = new InfoAttribute
            {
                Descriptor = (uint)held.Number,
                InfoBytes = (uint)sizeof(LinkInfo),
                Info = (ulong)&info,
            };

            // Safe because the kernel is told how long the local is.
            return BpfCall.Make(BpfCommand.ObjectInfo, ref attribute).Succeeded
                && info.InterfaceIndex == (uint)InterfaceIndex;
        }
    }

    /// <summary>Takes the program away, whoever else holds the link.</summary>
    /// <returns>Succeeded also where it was gone already.</returns>
    public SyscallResult Detach()
    {
        using SafeFd.Held held = _fd.Hold();
        var attribute = new IdentifierAttribute { Id = (uint)held.Number };
        return BpfCall.Make(BpfCommand.LinkDetach, ref attribute);
    }

    /// <summary>Lets go of it. A program that was attached here goes, also where somebody else holds its link: by a
    /// pin, or because he looks at it.</summary>
    public void Dispose()
    {
        if (_isOwn && !_fd.IsClosed)
        {
            _ = Detach();
        }

        _fd.Dispose();
    }

    // union bpf_attr, BPF_LINK_CREATE with tcx
    [StructLayout(LayoutKind.Sequential)]
    private struct CreateAttribute
    {
        internal uint Program;
        internal uint InterfaceIndex;
        internal uint Point;
        internal uint Flags;
        internal uint Relative;
        internal ulong ExpectedRevision;
    }

    // union bpf_attr, BPF_PROG_QUERY
    [StructLayout(LayoutKind.Sequential)]
    private struct QueryAttribute
    {
        internal uint InterfaceIndex;
        internal uint Point;
        internal uint Flags;
        internal uint AttachFlags;
        internal ulong Programs;
        internal uint Count;
        internal uint Padding;
        internal ulong ProgramFlags;
        internal ulong Links;
        internal ulong LinkFlags;
        internal ulong Revision;
    }

    // union bpf_attr, BPF_LINK_GET_FD_BY_ID: the link's number; BPF_LINK_DETACH: its descriptor
    [StructLayout(LayoutKind.Sequential)]
    private struct IdentifierAttribute
    {
        internal uint Id;
    }

    // union bpf_attr, BPF_OBJ_GET_INFO_BY_FD
    [StructLayout(LayoutKind.Sequential)]
    private struct InfoAttribute
    {
        internal uint Descriptor;
        internal uint InfoBytes;
        internal ulong Info;
    }

    // struct bpf_link_info with tcx
    [StructLayout(LayoutKind.Sequential)]
    private struct LinkInfo
    {
        internal uint Kind;
        internal uint Id;
        internal uint Program;
        internal uint InterfaceIndexPadding;
        internal uint InterfaceIndex;
        internal uint Point;
    }
}
