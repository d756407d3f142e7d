using System;
using System.IO;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Overlay.Bench.Results;

namespace Overlay.Bench.Reports;

/// <summary>A report as one JSON object, written and read. Names are the model's in snake_case.</summary>
internal static class BenchJson
{
    private const string Remedy = "give a file that 'overlay bench --json' of this version wrote";

    // Fifteen variants take some 300 KB.
    private const long LongestFile = 64 << 20;

    /// <summary>One line of JSON.</summary>
    internal static string Write(BenchReport report) =>
        JsonSerializer.Serialize(report, BenchJsonContext.Readable.BenchReport);

    /// <summary>Reads a file.</summary>
    /// <exception cref="BenchException">It cannot be read, or must not be believed; the line names it.</exception>
    internal static BenchReport ReadFile(string path)
    {
        byte[] json;
        try
        {
            using FileStream file = File.OpenRead(path);
            if (!file.CanSeek || file.Length > LongestFile)
            {
                throw new BenchException($"{path} is no file of at most {LongestFile >> 20} MiB; {Remedy}");
            }

            json = new byte[file.Length];
            file.ReadExactly(json);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new BenchException($"{path} cannot be read ({problem.Message.TrimEnd('.')}); {Remedy}");
        }

        return Read(json, path);
    }

    /// <summary>Reads an object.</summary>
    /// <param name="utf8">The object.</param>
    /// <param name="source">What a refusal calls it: its file.</param>
    /// <exception cref="BenchException">It is none, or must not be believed: see
    /// <see cref="BenchJsonCheck"/>.</exception>
    internal static BenchReport Read(ReadOnlyMemory<byte> utf8, string source)
    {
        BenchReport? report;
        try
        {
            RequireSchema(utf8, source);
            report = JsonSerializer.Deserialize(utf8.Span, BenchJsonContext.Readable.BenchReport);
        }
        catch (JsonException problem)
        {
            throw new BenchException($"{source} is no report: {Place(problem)}; {Remedy}");
        }
        catch (InvalidOperationException problem)
        {
            // A name or a value that is not text, half a surrogate pair say.
            throw new BenchException($"{source} is no report: {problem.Message.TrimEnd('.')}; {Remedy}");
        }

        string? fault = report is null ? "it is null" : BenchJsonCheck.Fault(report);
        return fault is null ? report! : throw new BenchException($"{source} must not be believed: {fault}; {Remedy}");
    }

    // First, because everything else that could be said of another schema's object would mislead.
    private static void RequireSchema(ReadOnlyMemory<byte> utf8, string source)
    {
        using var document = JsonDocument.Parse(utf8);
        JsonElement schema = default;
        bool hasSchema = document.RootElement.ValueKind == JsonValueKind.Object
            && document.RootElement.TryGetProperty("schema", out schema);
        if (!hasSchema || schema.ValueKind != JsonValueKind.String || schema.GetString() != BenchReport.CurrentSchema)
        {
            string found = hasSchema ? schema.GetRawText() : "none";
            throw new BenchException(
                $"{source} has the schema {found}, and {BenchReport.CurrentSchema} is needed; {Remedy}");
        }
    }

    private static string Place(JsonException wrong) => wrong switch
    {
        { Path: { Length: > 0 } path } when Lacking(wrong.Message) is { } names => $"{path} lacks {names}",
        { Path: { Length: > 0 } path } when path != "$" => $"{path} is not what it must be",
        { LineNumber: { } line, BytePositionInLine: { } position } =>
            $"line {line + 1}, byte {position + 1} is no JSON",
        _ => wrong.Message.TrimEnd('.'),
    };

    // The reader has the names of what is missing in its message alone.
    private static string? Lacking(string message)
    {
        const string Before = "including: ";
        int names = message.IndexOf(Before, StringComparison.Ordinal);
        return names < 0 ? null : message[(names + Before.Length)..].Split(". ")[0].TrimEnd('.');
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy =
        JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations =
            true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(BenchReport))]
internal sealed partial class BenchJsonContext : JsonSerializerContext
{
    // For terminals and jq, never for a web page as it is.
    internal static BenchJsonContext Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        AllowDuplicateProperties = false,
        Converters = { new JsonStringEnumConverter<VariantKind>(
            JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    });
}
