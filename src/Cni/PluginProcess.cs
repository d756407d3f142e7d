using System;
using System.IO;
using Overlay.Cni.Protocol;

namespace Overlay.Cni;

/// <summary>
/// One call with the streams of a process, any of which may be closed or full: what is logged is lost then, and a
/// result that nobody gets is a failure.
/// </summary>
internal static class PluginProcess
{
    /// <summary>Runs the plugin.</summary>
    /// <param name="environment">What the runtime says by variables.</param>
    /// <param name="input">Opens where the config comes from.</param>
    /// <param name="output">Opens what gets the result.</param>
    /// <param name="error">Opens what gets the log.</param>
    /// <returns>The exit code: 0, or 1.</returns>
    internal static int Run(
        CniEnvironment environment, Func<Stream> input, Func<Stream> output, Func<Stream> error)
    {
        if (Open(output) is not { } results)
        {
            return 1; // before anything is done that nobody would hear of
        }

        using Stream log = Open(error) ?? Stream.Null;
        using Stream owned = results;
        using var config = new StreamReader(Open(input) ?? Stream.Null);
        using var result = new StringWriter();
        using var said = new StringWriter();
        int code = new FlannelPlugin(environment, config, result, said, TimeProvider.System).Run();
        _ = Write(log, said.ToString());
        return Write(results, result.ToString()) ? code : 1;
    }

    private static Stream? Open(Func<Stream> open)
    {
        try
        {
            return open();
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return null; // closed: EBADF comes as either
        }
    }

    private static bool Write(Stream stream, string text)
    {
        try
        {
            stream.Write(System.Text.Encoding.UTF8.GetBytes(text));
            stream.Flush();
            return true;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
