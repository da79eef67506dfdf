using System.Text.Json;
using Sandbox.Serving.Configuration;

namespace Sandbox.Serving.Tests;

/// <summary>Configurations as a user writes them.</summary>
internal static class Json
{
    public static EngineConfiguration Configuration(string json)
    {
        using var document = JsonDocument.Parse(json);
        return EngineConfiguration.FromJson(document.RootElement);
    }
}
