using System.Threading;

namespace Overlay.Router.Routes;

/// <summary>Holds the current route table.</summary>
/// <remarks>
/// Readers load the reference once per batch; the garbage collector frees a table when the last of them has gone on to
/// the next.
/// </remarks>
public sealed class RouteTableCell
{
    private RouteTable _current = RouteTable.Empty;

    /// <summary>The table in force.</summary>
    public RouteTable Current => Volatile.Read(ref _current); // pairs with the write in Publish

    /// <summary>Puts another table in force. No thread waits for another.</summary>
    public void Publish(RouteTable table) =>
        Volatile.Write(ref _current, table); // the table is complete before it can be seen
}
