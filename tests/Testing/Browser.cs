using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace Overlay.Testing;

/// <summary>
/// Chromium without a screen. Pages are shown in a frame, which may be narrower than the narrowest window.
/// </summary>
public static class Browser
{
    private static readonly string[] s_names = [
        "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private static string? Executable { get; } = s_names
        .SelectMany(name => (
            Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, name)))
        .FirstOrDefault(File.Exists);

    /// <summary>Skips the running test in a quick run, and where no browser is or can be installed.</summary>
    public static void Require()
    {
        Needs.NotQuick("starts a browser");
        Assert.SkipWhen(
            Executable is null && Environment.GetEnvironmentVariable("OVERLAY_NO_BROWSER") is not null,
            "needs Chromium, which could not be installed");
        Needs.Program("chromium fonts-dejavu-core", s_names);
    }

    /// <summary>Shows a page and takes a picture of it.</summary>
    /// <param name="html">The page.</param>
    /// <param name="script">Runs in a copy of the page once it is laid out; what it returns is returned.</param>
    /// <param name="width">Of the screen, in pixels.</param>
    /// <param name="height">Of the screen, in pixels.</param>
    /// <param name="picture">The PNG file to write.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <remarks>Fails the test when the page says something on the browser's console, an error say.</remarks>
    public static async Task<string> ShowAsync(
        string html, string script, int width, int height, string picture, CancellationToken cancellation)
    {
        string directory = Directory.CreateTempSubdirectory("overlay-browser-").FullName;
        try
        {
            string measuring = $"<script>addEventListener('load', () => parent.postMessage((function () {{ {script} "
                + "})(), '*'));</script></body>";
            await File.WriteAllTextAsync(Path.Combine(
                directory, "page.html"), html.Replace("</body>", measuring, StringComparison.Ordinal), cancellation);
            await File.WriteAllTextAsync(Path.Combine(directory, "frame.html"), Frame(width, height), cancellation);
            string dom = await RunAsync(
                directory,
                [
                    "--headless", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                    "--force-device-scale-factor=1", "--blink-settings=preferredColorScheme=1",
                    "--virtual-time-budget=20000", "--enable-logging=stderr", $"--user-data-dir={directory}/profile",
                    $"--window-size={width},{height}", $"--screenshot={picture}",
                    "--dump-dom", .. Environment.IsPrivilegedProcess
                        ? (string[])["--no-sandbox"]
                        : [], $"file://{directory}/frame.html",
                ],
                cancellation);
            Match measured = Regex.Match(dom, "<pre[^>]*>(.*?)</pre>", RegexOptions.Singleline);
            Assert.True(measured.Success && measured.Groups[1].Length > 0, $"the page has not answered: {dom}");
            return WebUtility.HtmlDecode(measured.Groups[1].Value);
        }
        finally
        {
            // Its helpers may outlive it by a moment, and write.
            await Eventually.IsTrue(() => IsDeleted(directory), () => $"{directory} can be removed");
        }
    }

    private static bool IsDeleted(string directory)
    {
        try
        {
            Directory.Delete(directory, recursive: true);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static string Frame(int width, int height) => $$"""
        <!DOCTYPE html><html><body style="margin:0"><pre hidden></pre>
        <script>addEventListener('message', said => document.querySelector('pre').textContent = said.data);</script>
        <iframe style="display:block;border:0;width:{{width}}px;height:{{height}}px" src="page.html"></iframe>
        </body></html>
        """;

    private static async Task<string> RunAsync(
        string directory, IEnumerable<string> words, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(s_patience);
        ProcessStartInfo start =
            new(Executable!, words) { RedirectStandardOutput = true, RedirectStandardError = true };

        // It writes beside its profile too.
        start.Environment["HOME"] = directory;
        start.Environment["XDG_RUNTIME_DIR"] = directory;
        using Process browser = Process.Start(start)
            ?? throw new InvalidOperationException($"{Executable} did not start");
        try
        {
            Task<string> error = browser.StandardError.ReadToEndAsync(patience.Token);
            string output = await browser.StandardOutput.ReadToEndAsync(patience.Token);
            await browser.WaitForExitAsync(patience.Token);
            string said = await error;
            Assert.True(browser.ExitCode == 0, $"{Executable} ended with {browser.ExitCode}: {said}");
            Assert.DoesNotContain(":CONSOLE", said, StringComparison.Ordinal);
            return output;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            Assert.Fail($"{Executable} has shown nothing for {s_patience.TotalSeconds} s");
            throw;
        }
        finally
        {
            if (!browser.HasExited)
            {
                browser.Kill(entireProcessTree: true);
                await browser.WaitForExitAsync(CancellationToken.None);
            }
        }
    }
}
