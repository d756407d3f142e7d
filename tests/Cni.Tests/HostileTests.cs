using System;
using System.IO;
using Overlay.Cni.Protocol;
using Xunit;

namespace Overlay.Cni.Tests;

/// <summary>Kept files, runtimes and delegates that are not what they should be: an error, never a crash.</summary>
public sealed class HostileTests : IDisposable
{
    private readonly PluginRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Theory]
    [InlineData("""{"type":"bridge","ipam":"text"}""")]
    [InlineData("""{"type":"bridge","ipam":[1]}""")]
    [InlineData("""{"type":"bridge","ipam":{"ranges":[[1]]}}""")]
    [InlineData("""{"type":"bridge","ipam":{"ranges":[["text"]]}}""")]
    [InlineData("""{"type":"bridge","ipam":{"ranges":1,"ranges":2}}""")]
    [InlineData("""{"type":"bridge","ipam":{"ranges":[[{"subnet":"a","subnet":"b"}]]}}""")]
    [InlineData("""{"type":"\ud800"}""")]
    [InlineData("""{"type":"bridge","name":"\ud800"}""")]
    public void CHECK_finds_a_kept_file_of_another_shape_different_and_DEL_removes_it(string kept)
    {
        _ = Directory.CreateDirectory(_rig.DataDirectory);
        File.WriteAllText(Path.Combine(_rig.DataDirectory, "some-container-id:eth0"), kept);
        Assert.Equal(CniError.AttachmentDiffers, _rig.Fail("CHECK").Code);
        _ = _rig.Succeed("DEL");
        Assert.Empty(_rig.KeptFiles());
    }

    [Theory]
    [InlineData("1")]
    [InlineData("\"text\"")]
    [InlineData("[1]")]
    [InlineData("""{"routes":[1,{"dst":2}],"ips":[1,{"gateway":3}]}""")]
    public void CHECK_leaves_a_previous_result_of_another_shape_to_the_delegate(string result)
    {
        _ = _rig.Succeed("ADD");
        _rig.More = $",\"prevResult\":{result}";
        _ = _rig.Succeed("CHECK");
        Assert.Equal(result[0], _rig.Told("CHECK")["prevResult"]!.ToJsonString()[0]);
    }

    [Theory]
    [InlineData("""{"code":7,"msg":"a","msg":"b"}""")]
    [InlineData("""{"code":7,"msg":"\ud800"}""")]
    [InlineData("""[1]""")]
    public void An_error_of_a_delegate_that_cannot_be_read_is_said_to_be_none(string answer)
    {
        _rig.AddDelegate("bridge", $"printf '%s' '{answer}'; exit 1");
        (int code, string message) = _rig.Fail("ADD");
        Assert.Equal(CniError.DelegateFailed, code);
        Assert.Contains("bridge has ended with code 1 and no error in JSON", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_delegate_that_does_not_read_a_config_longer_than_a_pipe_holds_is_stopped()
    {
        string file = Path.Combine(_rig.Plugins, "deaf");
        File.WriteAllText(file, "#!/bin/sh\nexec sleep 60\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        _rig.More = $$""","delegateTimeout":1,"delegate":{"type":"deaf","x":"{{new string('x', 1 << 20)}}"}""";
        (int code, string message) = _rig.Fail("ADD");
        Assert.Equal(CniError.DelegateFailed, code);
        Assert.Contains("has not ended within 1 s", message, StringComparison.Ordinal);
    }

    [Fact]
    public void DEL_of_a_container_whose_name_no_file_can_have_has_nothing_to_undo()
    {
        _rig.Variables["CNI_CONTAINERID"] = new string('a', 255);
        Assert.Equal(CniError.InputOutput, _rig.Fail("ADD").Code);
        _ = _rig.Succeed("DEL");
    }
}
