namespace Sandbox.Api.Rock;

/// <summary>Parameters in the query of ROCK's routes; what is wrong with them is answered here.</summary>
internal static class RockQuery
{
    /// <summary>The required, non-blank id; null when it was refused and the answer is written.</summary>
    public static async Task<string?> SandboxIdAsync(HttpContext http)
    {
        var problem = http.Request.Query[RockRequests.SandboxId] switch
        {
            [] => Fields.Required,
            [.., { } text] when !string.IsNullOrWhiteSpace(text) => null,
            _ => "String should have at least 1 character",
        };
        if (problem is null)
        {
            return http.Request.Query[RockRequests.SandboxId][^1]!.Trim();
        }

        await RockBody.RefuseAsync(http, $"query.{RockRequests.SandboxId}: {problem}");
        return null;
    }

    /// <summary>Null when it was refused and the answer is written.</summary>
    public static async Task<bool?> FlagAsync(HttpContext http, string name)
    {
        if (http.Request.Query[name] is not [.., { } text])
        {
            return false;
        }

        if (PydanticValues.TryReadBoolean(text, out var flag))
        {
            return flag;
        }

        await RockBody.RefuseAsync(http, $"query.{name}: {PydanticValues.NotBoolean}");
        return null;
    }
}
