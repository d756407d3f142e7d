using System.Text.Json.Serialization;

namespace Overlay.Control;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(StatusReport))]
[JsonSerializable(typeof(RouteReport))]
[JsonSerializable(typeof(CaptureRequest))]
[JsonSerializable(typeof(CaptureSummary))]
internal sealed partial class StatusJson : JsonSerializerContext;
