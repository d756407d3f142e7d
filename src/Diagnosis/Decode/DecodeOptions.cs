using System.CommandLine;
using Overlay.Capture.Filters;
using Overlay.Capture.Packets;
using Overlay.Terminal;

namespace Overlay.Diagnosis.Decode;

/// <summary>The options of decode.</summary>
internal sealed class DecodeOptions
{
    private readonly Option<bool> _verbose = new("--verbose", "-v")
    {
        Description = "show every field, as a tree",
    };

    private readonly Option<bool> _hex = new("--hex", "-x")
    {
        Description = "show the bytes as well, from the IP header on",
    };

    private readonly Option<bool> _ascii = new("--ascii", "-X")
    {
        Description = "show the bytes as well, with their characters",
    };

    private readonly Option<bool> _link = new("--link", "-e")
    {
        Description = "show hardware addresses, and bytes from the link header on",
    };

    private readonly Option<string?> _write = new("--write", "-w")
    {
        Description = "write the packets to a pcapng file in place of showing them; - for standard output",
        HelpName = "FILE",
    };

    private readonly Option<int?> _port = new("--port")
    {
        Description = "the overlay's UDP port",
        HelpName = "PORT",
        DefaultValueFactory = _ => PacketDecoder.DefaultPort,
        CustomParser = OptionParser.Number("--port", 1, ushort.MaxValue),
    };

    private readonly Option<int?> _vxlanPort = new("--vxlan-port")
    {
        Description = $"a UDP port of VXLAN, beside {VxlanHeader.LinuxPort} and {VxlanHeader.IanaPort}",
        HelpName = "PORT",
        CustomParser = OptionParser.Number("--vxlan-port", 1, ushort.MaxValue),
    };

    private readonly Option<int?> _count = new("--count", "-c")
    {
        Description = "end after so many packets are shown",
        HelpName = "N",
        CustomParser = OptionParser.Number("--count", 1, int.MaxValue),
    };

    private readonly Option<bool> _json = new("--json") { Description = "print one JSON object a line" };

    /// <summary>Adds them to the command.</summary>
    internal void AddTo(Command command)
    {
        foreach (Option option in (Option[])
            [_verbose, _hex, _ascii, _link, _write, _port, _vxlanPort, _count, _json])
        {
            command.Options.Add(option);
        }

        command.Validators.Add(result =>
        {
            bool isText = result.GetValue(_verbose) || result.GetValue(_hex) || result.GetValue(_ascii);
            if (result.GetValue(_json) && isText)
            {
                result.AddError("--json does not go with --verbose, --hex or --ascii; leave one out");
            }
            else if (result.GetResult(_write) is not null && (result.GetValue(_json) || isText))
            {
                result.AddError(
                    "--write shows no packets, so it does not go with --json, --verbose, --hex or --ascii; leave one "
                        + "out");
            }
        });
    }

    /// <summary>Reads them.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="file">The capture.</param>
    /// <param name="filter">The filter's words.</param>
    /// <exception cref="FilterSyntaxException">The filter is none.</exception>
    internal DecodeRequest Read(ParseResult parsed, string file, string filter) =>
        new(file, PacketFilter.Compile(filter))
    {
        FilterText = filter.Length > 0 ? filter : null,
        Form = parsed.GetValue(_json) ? DecodeForm.Json
            : parsed.GetValue(_verbose) ? DecodeForm.Tree : DecodeForm.Lines,
        ShowsBytes = parsed.GetValue(_hex) || parsed.GetValue(_ascii),
        ShowsAscii = parsed.GetValue(_ascii),
        ShowsLink = parsed.GetValue(_link),
        Write = parsed.GetValue(_write),
        Port = (ushort)(parsed.GetValue(_port) ?? PacketDecoder.DefaultPort),
        VxlanPort = (ushort?)parsed.GetValue(_vxlanPort),
        Count = parsed.GetValue(_count),
    };
}
