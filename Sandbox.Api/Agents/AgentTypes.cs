using System.Text.Json;
using Sandbox.Contracts.Rock;

namespace Sandbox.Api.Agents;

/// <summary>The types of the agent's answers, read strictly: null where none may be is a bad answer, not a surprise later.</summary>
internal static class AgentTypes
{
    public static RockJson Strict { get; } = new(new JsonSerializerOptions(RockJson.Default.Options)
    {
        RespectNullableAnnotations = true,
    });
}
