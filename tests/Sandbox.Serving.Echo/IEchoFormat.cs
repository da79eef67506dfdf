using System.Text.Json;

namespace Sandbox.Serving.Echo;

/// <summary>What differs between the two kinds of completion.</summary>
internal interface IEchoFormat
{
    string Kind { get; }

    string ChunkKind { get; }

    string PromptOf(JsonElement body);

    object Choice(string text, string finish);

    object ChunkChoice(string text, string? finish);
}
