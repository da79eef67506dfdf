using Sandbox.Api.Rock;
using Sandbox.Contracts.Rock;

namespace Sandbox.Api.Gem;

/// <summary>How each body of GEM's routes is read. Unknown members are ignored.</summary>
internal static class GemRequests
{
    private const string EnvId = "env_id";
    private const int LongestName = 255;

    public static GemMakeRequest Make(Fields fields)
    {
        var name = fields.Name(EnvId);
        if (name.Length > LongestName)
        {
            fields.Refuse(EnvId, $"String should have at most {LongestName} characters");
        }

        return new GemMakeRequest(name);
    }

    public static GemResetRequest Reset(Fields fields) => new(fields.Name(RockRequests.SandboxId), fields.OptionalInteger("seed"));

    public static GemStepRequest Step(Fields fields) => new(fields.Name(RockRequests.SandboxId), fields.TextOrNumber("action"));
}
