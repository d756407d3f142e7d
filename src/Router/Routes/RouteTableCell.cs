using System.Threading;

namespace Overlay.Router.Routes;

/// <summary>The one place where the current route table is kept and replaced.</summary>
/// <remarks>
/// Readers load the reference once a batch; the garbage collector frees a table when the last of them has moved on.
/// </remarks>
public sealed class RouteTableCell
{
    private RouteTable _current = RouteTable.Empty;

    /// <summary>The table in force.</summary>
    public RouteTable Current => Volatile.Read(ref _current); // pairs with the write in Publish

    /// <summary>Puts another table in force; nobody waits for anybody.</summary>
    // the table is complete before it is seen
    public void Publish(RouteTable table) => Volatile.Write(ref _current, table);
}
