using Microsoft.Extensions.Logging;

namespace Overlay.Daemon.Logging;

// Lines about a subnet.env that somebody removes.
internal static partial class Log
{
    [LoggerMessage(110, LogLevel.Warning, "{File} was removed and is written again")]
    internal static partial void SubnetFilePutBack(ILogger log, string file);

    [LoggerMessage(111, LogLevel.Warning, "{File} was removed and cannot be written, which is tried again each second: "
        + "{Reason}")]
    internal static partial void SubnetFileMissing(ILogger log, string file, string reason);

    [LoggerMessage(112, LogLevel.Warning, "{Directory} cannot be watched, so a file that is removed there is written "
        + "again within 10 s; raise fs.inotify.max_user_instances: {Reason}")]
    internal static partial void SubnetFileUnwatched(ILogger log, string directory, string reason);
}
