using Overlay.Linux.Bpf;
using static Overlay.KernelPath.Programs.HelperArguments;
using static Overlay.Linux.Bpf.BpfRegister;

namespace Overlay.KernelPath.Programs;

/// <summary>The last steps of packets that took a helper interface: they come out of the tunnel's interface.</summary>
internal static class DeliveryPrograms
{
    /// <summary>At a helper's ingress in this host's namespace: into the tunnel's.</summary>
    internal static BpfInstruction[] WriteToTunnel(int tunnelIndex)
    {
        var code = new BpfAssembler();
        code.Move(R6, R1);
        code.Move(R2, PacketToHost);
        code.Call(BpfHelper.ChangeType); // its link address is nobody's
        code.Move(R1, tunnelIndex);
        code.Move(R2, ToIngress);
        code.Call(BpfHelper.Redirect);
        code.Exit();
        return code.Finish();
    }

    /// <summary>At the far end's ingress: back to the near end, without another turn of the processor.</summary>
    internal static BpfInstruction[] WriteToNearEnd(int farIndex)
    {
        var code = new BpfAssembler();
        code.Move(R1, farIndex);
        code.Move(R2, 0);
        code.Call(BpfHelper.RedirectPeer);
        code.Exit();
        return code.Finish();
    }
}
