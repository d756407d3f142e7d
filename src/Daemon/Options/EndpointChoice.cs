using System.Net;

namespace Overlay.Daemon.Options;

/// <summary>What <c>overlay run</c> serves over HTTP.</summary>
/// <param name="Probes">Where <c>/healthz</c> and <c>/readyz</c> are; null for nowhere.</param>
/// <param name="Metrics">Where <c>/metrics</c> and <c>/statusz</c> are; null for nowhere.</param>
/// <param name="MostPeers">So many peers have metrics of their own; with more none has.</param>
internal sealed record EndpointChoice(IPEndPoint? Probes, IPEndPoint? Metrics, int MostPeers);
