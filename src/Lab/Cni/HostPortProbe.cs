using System;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Overlay.Lab.Cni;

/// <summary>Whether a port of a host leads into a pod: one connection, on which the pod says who it is.</summary>
public static class HostPortProbe
{
    private const int PatienceMilliseconds = 10_000;

    /// <summary>Connects.</summary>
    /// <param name="client">The namespace that it comes from.</param>
    /// <param name="host">The host's address.</param>
    /// <param name="pod">The namespace that it has to reach.</param>
    /// <param name="port">Which port, and of the pod.</param>
    /// <returns>What came back: the pod's namespace when it is right, otherwise why not.</returns>
    public static string Ask(string client, IPAddress host, string pod, HostPort port)
    {
        using Socket listener = LabNamespace.Run(pod, () =>
        {
            Socket socket = NewSocket();
            socket.Bind(new IPEndPoint(IPAddress.Any, port.InPod));
            socket.Listen(1);
            return socket;
        });
        using Socket asking = LabNamespace.Run(client, NewSocket);
        try
        {
            IAsyncResult connecting = asking.BeginConnect(new IPEndPoint(host, port.OnHost), null, null);
            if (!listener.Poll(TimeSpan.FromMilliseconds(PatienceMilliseconds), SelectMode.SelectRead))
            {
                return "no connection came in";
            }

            using Socket accepted = listener.Accept();
            accepted.NoDelay = true;
            _ = accepted.Send(Encoding.ASCII.GetBytes(pod));
            accepted.Shutdown(SocketShutdown.Send);
            asking.EndConnect(connecting);
            byte[] answer = new byte[256];
            int length = asking.Receive(answer);
            return Encoding.ASCII.GetString(answer, 0, length);
        }
        catch (SocketException problem)
        {
            return problem.Message;
        }
    }

    private static Socket NewSocket() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
    {
        SendTimeout = PatienceMilliseconds,
        ReceiveTimeout = PatienceMilliseconds,
    };
}
