using System.Collections.Generic;

namespace Overlay.Lab.Faults;

/// <summary>Faults that let in who should stay outside: rows S of docs/doctor.md.</summary>
internal static class SecurityFaults
{
    internal static IReadOnlyList<LabFault> List { get; } =
    [
        new LabFault(
            "S4", "the command line of a flanneld has the password of etcd",
            "mkdir -p \"$ROOT/etc\"; " + LeaseFaults.Flanneld("--etcd-username=root --etcd-password=secret"),
            LeaseFaults.StopFlanneld)
        {
            IsWithoutDaemon = true, Needs = ["bash"],
        },
        new LabFault(
            "S4", "a flanneld tells its password to etcd in clear text",
            "mkdir -p \"$ROOT/etc\"; "
                + LeaseFaults.Flanneld("--etcd-username=root --etcd-endpoints=http://172.16.0.9:2379"),
            LeaseFaults.StopFlanneld)
        {
            Name = "S4-clear",
            IsWithoutDaemon = true, Needs = ["bash"],
        },
        new LabFault(
            "S5", "flanneld's unit gives it every capability", HostFaults.Unit("Restart=always"), HostFaults.NoUnit),
        new LabFault(
            "S6", "every user may ask the daemon",
            "stat -c %a \"$RUN\" > \"$ROOT/kept.mode\"; stat -c %a \"$RUN/overlay.sock\" > \"$ROOT/kept.socket\"; "
                + "chmod 755 \"$RUN\"; chmod 666 \"$RUN/overlay.sock\"",
            "chmod \"$(cat \"$ROOT/kept.mode\")\" \"$RUN\"; "
                + "chmod \"$(cat \"$ROOT/kept.socket\")\" \"$RUN/overlay.sock\"; "
                + "rm \"$ROOT/kept.mode\" \"$ROOT/kept.socket\""),
    ];
}
