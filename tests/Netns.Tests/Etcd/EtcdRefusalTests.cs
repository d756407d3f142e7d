using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;
using Overlay.Lab;
using Overlay.Netns.Tests.Support;
using Overlay.Testing;
using Xunit;

namespace Overlay.Netns.Tests.Etcd;

/// <summary>
/// What a real etcd refuses, or shows that must not be trusted: the start ends with one line and leaves nothing.
/// </summary>
public sealed class EtcdRefusalTests : LabTest
{
    private const string RootPassword = "root-of-the-test", Password = "a-password-that-no-line-may-show";

    [Fact]
    public void A_certificate_of_another_authority_ends_the_start_and_is_named()
    {
        TestLab lab = NewLab(2);
        using var right = new TestAuthority(lab.Plan.Directory, "right");
        using var wrong = new TestAuthority(lab.Plan.Directory, "wrong");
        using EtcdServer etcd = Start(
            lab, new EtcdServerOptions { Certificate = right.Issue("etcd", [LabPlan.WireAddress]) });

        CommandResult refused = Run(lab, "--etcd-endpoints", Url(etcd), "--etcd-cafile", wrong.CaFile);

        IsRefused(lab, refused, Url(etcd), "certificate");

        // The right one is all that it lacked.
        lab.LeaseStore = ["--etcd-endpoints", Url(etcd), "--etcd-cafile", right.CaFile];
        lab.Start(1).AwaitError("flannel config not found in etcd store");
    }

    [Fact]
    public async Task A_wrong_password_ends_the_start_and_is_named_but_not_shown()
    {
        TestLab lab = NewLab(2);
        using EtcdServer etcd = Start(lab, new EtcdServerOptions());
        using HttpClient http = EtcdGateway.CreateClient(lab.Plan.WireNamespace);
        EtcdAdministration administration = await DemandUsersAsync(lab, etcd, http, "READWRITE");
        string passwordFile = Path.Combine(lab.Plan.Directory, "password");
        await File.WriteAllTextAsync(passwordFile, $"{Password}-wrong\n", Cancellation);

        CommandResult refused = Run(
            lab, "--etcd-endpoints", Url(etcd), "--etcd-username", "overlay", "--etcd-password-file", passwordFile);

        IsRefused(lab, refused, "user", "password");
        Assert.DoesNotContain(Password, refused.Error + refused.Output, StringComparison.Ordinal);
        await NothingIsWrittenAsync(administration);

        // The right one is all that it lacked.
        await File.WriteAllTextAsync(passwordFile, $"{Password}\n", Cancellation);
        lab.LeaseStore = [
            "--etcd-endpoints", Url(etcd), "--etcd-username", "overlay", "--etcd-password-file", passwordFile];
        _ = lab.WaitUntilReady(lab.Start(1), 1);
        Assert.Equal(1, await administration.CountKeysAsync(LabEtcd.SubnetKeys, Cancellation));
    }

    [Fact]
    public async Task A_role_that_may_only_read_ends_the_start_and_is_named_with_what_it_lacks()
    {
        TestLab lab = NewLab(2);
        using EtcdServer etcd = Start(lab, new EtcdServerOptions());
        using HttpClient http = EtcdGateway.CreateClient(lab.Plan.WireNamespace);
        EtcdAdministration administration = await DemandUsersAsync(lab, etcd, http, "READ");
        string passwordFile = Path.Combine(lab.Plan.Directory, "password");
        await File.WriteAllTextAsync(passwordFile, Password, Cancellation);

        CommandResult refused = Run(
            lab, "--etcd-endpoints", Url(etcd), "--etcd-username", "overlay", "--etcd-password-file", passwordFile);

        IsRefused(lab, refused, "permission denied", "overlay", "etcdctl role grant-permission");
        Assert.DoesNotContain(Password, refused.Error + refused.Output, StringComparison.Ordinal);
        await NothingIsWrittenAsync(administration);
    }

    [Fact]
    public void A_name_that_cannot_be_resolved_is_named_by_the_start_that_waits_and_by_a_command()
    {
        const string Unresolved = "the name etcd.example cannot be resolved: ";
        TestLab lab = NewLab(2);
        lab.LeaseStore = ["--etcd-endpoints", "http://etcd.example:2379"];
        lab.Start(1).AwaitError(Unresolved);

        using var list = RunningProgram.Start(
        [
            lab.Ip.ProgramPath, "netns", "exec", lab.Host(1).HostNamespace, RunningProgram.OverlayPath, "lease", "list",
            .. lab.LeaseStore,
        ]);
        CommandResult result = list.WaitForExit();
        Print(result.Error);
        StartAttempt.IsRefusedWithOneLine(result, exitCode: 1, "etcd http://etcd.example:2379", Unresolved);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static string Url(EtcdServer etcd) => etcd.Endpoint.GetLeftPart(UriPartial.Authority);

    private static EtcdServer Start(TestLab lab, EtcdServerOptions options)
    {
        lab.AddWireAddresses(1);
        return EtcdServer.Start(
            options with { NetworkNamespace = lab.Plan.WireNamespace, Address = IPAddress.Parse(LabPlan.WireAddress) });
    }

    private static async Task<EtcdAdministration> DemandUsersAsync(
        TestLab lab, EtcdServer etcd, HttpClient http, string permission)
    {
        using (var gateway = new EtcdGateway(lab.Plan.WireNamespace, etcd.Endpoint))
        {
            gateway.Put(LabEtcd.ConfigKey, TestLab.DefaultConfig);
        }

        var administration = new EtcdAdministration(etcd.Endpoint, http);
        await administration.EnableUsersAsync(RootPassword, Cancellation);
        await administration.AddUserAsync("overlay", Password, permission, $"{LabEtcd.Prefix}/", Cancellation);
        return administration;
    }

    private static async Task NothingIsWrittenAsync(EtcdAdministration administration)
    {
        Assert.Equal(0, await administration.CountKeysAsync(LabEtcd.SubnetKeys, Cancellation));
        Assert.Equal(0, await administration.CountLeasesAsync(Cancellation));
    }

    private static CommandResult Run(TestLab lab, params IReadOnlyList<string> store)
    {
        lab.LeaseStore = store;
        return lab.Start(1).WaitForExit();
    }

    private static void IsRefused(TestLab lab, CommandResult result, params IReadOnlyList<string> words)
    {
        Print(result.Error);
        StartAttempt.IsRefusedWithOneLine(result, exitCode: 1, words);
        Assert.False(lab.HasTunnel(1), "flannel0 is left");
        Assert.False(File.Exists(lab.Host(1).SubnetFile), "the subnet file is left");
    }
}
