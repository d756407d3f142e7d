using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Overlay.Testing;
using Xunit;

namespace Overlay.House.Tests;

public sealed class LineTests
{
    private const int LongestLine = 120; // characters; .editorconfig tells it to editors, and no analyzer holds it

    private static readonly string[] s_folders = ["src", "bench", "tests"];
    private static readonly string[] s_patterns = ["*.cs", "*.css"];

    [Fact]
    public void No_line_of_code_is_longer_than_120_characters()
    {
        string[] files = [.. s_folders.SelectMany(folder => s_patterns.SelectMany(pattern => Directory.EnumerateFiles(
            Path.Combine(Repository.Root, folder), pattern, SearchOption.AllDirectories)))];
        Assert.NotEmpty(files);
        string[] tooLong = [.. files.Order(StringComparer.Ordinal).SelectMany(LongLines)];
        Assert.True(tooLong.Length == 0, string.Join('\n', tooLong));
    }

    private static IEnumerable<string> LongLines(string path) => File.ReadLines(path)
        .Select((line, index) => (line.Length, Number: index + 1))
        .Where(line => line.Length > LongestLine)
        .Select(line => $"{Path.GetRelativePath(Repository.Root, path)}:{line.Number} has {line.Length} characters");
}
