using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Overlay.Cni.Protocol;
using Overlay.Testing;
using Xunit;

namespace Overlay.Cni.Tests;

/// <summary>ADD, DEL, CHECK, STATUS and GC with delegates that are scripts.</summary>
public sealed class VerbTests : IDisposable
{
    private const string Kept = "some-container-id:eth0";

    private readonly PluginRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void CNI_1_to_3_ADD_keeps_what_the_delegate_is_told_DEL_takes_it_back_and_DEL_again_is_no_fault()
    {
        Assert.Equal("{\"cniVersion\":\"1.1.0\",\"ips\":[]}\n", _rig.Succeed("ADD"));
        Assert.Equal([Kept], _rig.KeptFiles());
        Assert.Equal((UnixFileMode)0x180, File.GetUnixFileMode(Path.Combine(_rig.DataDirectory, Kept))); // 0600
        Assert.Equal((UnixFileMode)0x1c0, File.GetUnixFileMode(_rig.DataDirectory)); // 0700
        Assert.Contains("delegateAdd: netconf sent to delegate plugin:\n{", _rig.ErrorText, StringComparison.Ordinal);

        Assert.Equal("", _rig.Succeed("DEL"));
        Assert.Equal(_rig.Told("ADD").ToJsonString(), _rig.Told("DEL").ToJsonString());
        Assert.Empty(_rig.KeptFiles());
        Assert.Equal("", _rig.Succeed("DEL"));
    }

    [Fact]
    public void Two_interfaces_of_a_container_are_kept_apart()
    {
        _ = _rig.Succeed("ADD");
        _rig.Variables["CNI_IFNAME"] = "net1";
        _ = _rig.Succeed("ADD");
        _ = _rig.Succeed("DEL");
        Assert.Equal([Kept], _rig.KeptFiles());
    }

    [Fact]
    public void DEL_does_what_a_file_of_stocks_says_and_removes_it()
    {
        _ = Directory.CreateDirectory(_rig.DataDirectory);
        File.WriteAllText(
            Path.Combine(_rig.DataDirectory, "some-container-id"),
            """{"name":"cni-flannel","type":"bridge","mtu":1}""");
        _ = _rig.Succeed("DEL");
        Assert.Equal(1, (int)_rig.Told("DEL")["mtu"]!);
        Assert.Empty(_rig.KeptFiles());
    }

    [Theory]
    [InlineData("{\"name\":\"cni-fl")]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"type\":5}")]
    [InlineData("{\"type\":\"a\",\"type\":\"b\"}")]
    public void DEL_forgives_a_kept_file_that_is_no_config(string text)
    {
        _ = Directory.CreateDirectory(_rig.DataDirectory);
        File.WriteAllText(Path.Combine(_rig.DataDirectory, Kept), text);
        _ = _rig.Succeed("DEL");
        Assert.Contains("is no config of a delegate", _rig.ErrorText, StringComparison.Ordinal);
        Assert.Empty(_rig.KeptFiles());
        Assert.False(_rig.WasTold("DEL"));
    }

    [Fact]
    public void DEL_works_without_subnet_env_and_without_a_network_namespace()
    {
        _ = _rig.Succeed("ADD");
        File.Delete(_rig.SubnetFile);
        _ = _rig.Variables.Remove("CNI_NETNS");
        _ = _rig.Succeed("DEL");
        Assert.True(_rig.WasTold("DEL"));
    }

    [Fact]
    public void A_delegate_that_fails_is_named_with_its_own_code_and_what_is_kept_stays_for_the_next_try()
    {
        _rig.AddDelegate("bridge", """echo '{"code":11,"msg":"no address left","details":"of 254"}'; exit 1""");
        Assert.Equal((11, "failed to delegate add: no address left"), _rig.Fail("ADD"));
        Assert.Equal([Kept], _rig.KeptFiles());
        Assert.Equal((11, "no address left"), _rig.Fail("DEL"));
        Assert.Equal([Kept], _rig.KeptFiles());
    }

    [Theory]
    [InlineData("echo oops >&2; exit 3", "bridge has ended with code 3 and no error in JSON: oops")]
    [InlineData("exit 4", "bridge has ended with code 4 and no error in JSON, and said nothing")]
    public void A_delegate_that_gives_no_JSON_is_quoted(string script, string message)
    {
        _rig.AddDelegate("bridge", script);
        Assert.Equal((CniError.DelegateFailed, $"failed to delegate add: {message}"), _rig.Fail("ADD"));
    }

    [Fact]
    public async Task A_delegate_that_hangs_is_stopped_with_its_children()
    {
        _rig.AddDelegate("bridge", $"sleep 1000 & echo $! > {_rig.Plugins}/child; wait");
        _rig.More = ""","delegateTimeout":1""";
        (int code, string message) = _rig.Fail("ADD");
        Assert.Equal(CniError.DelegateFailed, code);
        Assert.StartsWith("failed to delegate add: bridge has not ended within 1 s and was stopped", message);
        string child = File.ReadAllText(Path.Combine(_rig.Plugins, "child")).Trim();
        await Eventually.IsTrue(
            () => !File.Exists($"/proc/{child}/stat")
                || File.ReadAllText($"/proc/{child}/stat").Contains(") Z", StringComparison.Ordinal),
            () => "the delegate's child is still there");
    }

    [Fact]
    public void A_delegate_that_is_missing_is_named_with_the_path_and_nothing_is_kept()
    {
        _rig.More = ""","delegate":{"type":"macvlan"}""";
        Assert.Equal(
            (CniError.DelegateFailed, $"failed to find plugin \"macvlan\" in path [{_rig.Plugins}]; install it there"),
            _rig.Fail("ADD"));
        Assert.Empty(_rig.KeptFiles());
    }

    [Fact]
    public void A_delegates_name_that_leads_elsewhere_is_refused()
    {
        _rig.More = ""","delegate":{"type":"../../bin/sh"}""";
        Assert.Equal(CniError.InvalidConfig, _rig.Fail("ADD").Code);
    }

    [Fact]
    public void ADD_before_the_daemon_is_ready_says_try_again_later_and_where_to_look()
    {
        File.Delete(_rig.SubnetFile);
        (int code, string message) = _rig.Fail("ADD");
        Assert.Equal(11, code);
        Assert.Contains("flannel's daemon on this node is not ready", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_data_directory_that_cannot_be_made_is_an_error_before_the_delegate_is_called()
    {
        File.WriteAllText(_rig.DataDirectory, "");
        (int code, string message) = _rig.Fail("ADD");
        Assert.Equal(CniError.InputOutput, code);
        Assert.StartsWith($"failed to save the delegate's config in {_rig.DataDirectory}: ", message);
        Assert.False(_rig.WasTold("ADD"));
    }

    [Fact]
    public void CHECK_passes_ADDs_result_to_the_delegate()
    {
        _ = _rig.Succeed("ADD");
        _rig.More = ""","prevResult":{"ips":[]}""";
        _ = _rig.Succeed("CHECK");
        Assert.Equal("""{"ips":[]}""", _rig.Told("CHECK")["prevResult"]!.ToJsonString());
    }

    [Fact]
    public void CHECK_names_the_gateway_of_routes_that_ADD_has_left_without_one_by_family()
    {
        _ = _rig.Succeed("ADD");
        _rig.More = ""","prevResult":{"ips":[{"gateway":"10.1.17.1"},{"gateway":"fc00::1"}],"routes":"""
            + """[{"dst":"10.1.0.0/16"},{"dst":"fc00::/48"},{"dst":"0.0.0.0/0","gw":"10.1.17.9"}]}""";
        _ = _rig.Succeed("CHECK");
        Assert.Equal(
            """[{"dst":"10.1.0.0/16","gw":"10.1.17.1"},{"dst":"fc00::/48","gw":"fc00::1"},"""
                + """{"dst":"0.0.0.0/0","gw":"10.1.17.9"}]""",
            PlainJson.Of(_rig.Told("CHECK")["prevResult"]!["routes"]!));
    }

    [Fact]
    public void CHECK_says_that_the_host_has_another_subnet_now()
    {
        _ = _rig.Succeed("ADD");
        File.WriteAllText(_rig.SubnetFile, PluginRig.Ipv4.Replace("17.1", "99.1", StringComparison.Ordinal));
        (int code, string message) = _rig.Fail("CHECK");
        Assert.Equal(CniError.AttachmentDiffers, code);
        Assert.StartsWith(
            "this node has the subnet 10.1.99.0/24 now, and the pod's address is of 10.1.17.0/24", message);
        Assert.False(_rig.WasTold("CHECK"));
    }

    [Fact]
    public void CHECK_of_a_container_that_nobody_has_added_fails() =>
        Assert.Equal(CniError.AttachmentDiffers, _rig.Fail("CHECK").Code);

    [Fact]
    public void STATUS_is_well_when_an_ADD_could_work_and_asks_the_delegate()
    {
        _ = _rig.Succeed("STATUS");
        Assert.True(_rig.WasTold("STATUS"));
        File.Delete(_rig.SubnetFile);
        Assert.Equal(CniError.NotAvailable, _rig.Fail("STATUS").Code);
    }

    [Fact]
    public void STATUS_forgives_a_delegate_that_has_no_such_verb()
    {
        _rig.AddDelegate("bridge", """echo '{"code":4,"msg":"unknown CNI_COMMAND: STATUS"}'; exit 1""");
        _ = _rig.Succeed("STATUS");
    }

    [Fact]
    public void GC_undoes_what_belongs_to_nobody_alive_and_leaves_other_networks()
    {
        foreach (string container in (string[])["alive", "dead"])
        {
            _rig.Variables["CNI_CONTAINERID"] = container;
            _ = _rig.Succeed("ADD");
        }

        File.WriteAllText(Path.Combine(_rig.DataDirectory, "stock-dead"), """{"name":"cni-flannel","type":"bridge"}""");
        File.WriteAllText(Path.Combine(_rig.DataDirectory, "foreign"), """{"name":"other","type":"bridge"}""");
        _rig.More = ""","cni.dev/valid-attachments":[{"containerID":"alive","ifname":"eth0"}]""";
        _ = _rig.Succeed("GC");
        Assert.Equal(["alive:eth0", "foreign"], [.. _rig.KeptFiles().Order(StringComparer.Ordinal)]);
        Assert.Equal(
            """[{"containerID":"alive","ifname":"eth0"}]""",
            _rig.Told("GC")["cni.dev/valid-attachments"]!.ToJsonString());
    }

    [Fact]
    public void GC_without_a_list_of_what_lives_removes_nothing()
    {
        _ = _rig.Succeed("ADD");
        Assert.Equal(CniError.InvalidConfig, _rig.Fail("GC").Code);
        Assert.Equal([Kept], _rig.KeptFiles());
    }
}
