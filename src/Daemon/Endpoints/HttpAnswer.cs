namespace Overlay.Daemon.Endpoints;

/// <summary>What is answered to a request.</summary>
/// <param name="Status">For example 200.</param>
/// <param name="Body">Text.</param>
/// <param name="ContentType">Of the body.</param>
internal sealed record HttpAnswer(int Status, string Body, string ContentType = "text/plain; charset=utf-8");
