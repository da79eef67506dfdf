using Sandbox.Api.Rock;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.EnvHub;

/// <summary>How each body of EnvHub's routes is read. Unknown members are ignored.</summary>
internal static class EnvHubRequests
{
    private const string EnvName = "env_name";
    private const int LongestName = 255;
    private const int LongestImage = 512;
    private const int LongestDescription = 4096;
    private const int MostTags = 100;

    /// <summary>An environment of a tenant, from its name and this moment.</summary>
    public static Func<string, DateTimeOffset, RegisteredEnvironment> Register(Fields fields)
    {
        var (name, image) = (Name(fields), fields.Name("image"));
        var (owner, description) = (fields.Text("owner", ""), fields.Text("description", ""));
        var (tags, extra) = (fields.Texts("tags"), fields.OptionalJsonText("extra_spec"));
        Bound(fields, "image", image, LongestImage);
        Bound(fields, "owner", owner, LongestName);
        Bound(fields, "description", description, LongestDescription);
        if (tags.Count > MostTags)
        {
            fields.Refuse("tags", $"List should have at most {MostTags} items after validation, not {tags.Count}");
        }

        foreach (var (tag, index) in tags.Take(MostTags).Select((tag, index) => (tag, index)))
        {
            Bound(fields, $"tags.{index}", tag, LongestName);
        }

        return (tenant, now) => new RegisteredEnvironment(tenant, name, image)
        {
            Owner = owner,
            Description = description,
            Tags = tags,
            ExtraSpec = extra,
            CreatedAt = now,
            UpdatedAt = now,
        };
    }

    public static string Name(Fields fields)
    {
        var name = fields.Name(EnvName);
        Bound(fields, EnvName, name, LongestName);
        return name;
    }

    /// <summary>Which environments are asked for.</summary>
    public static Func<RegisteredEnvironment, bool> Filter(Fields fields)
    {
        var (owner, tags) = (fields.OptionalText("owner"), fields.OptionalTexts("tags"));
        return one => (string.IsNullOrEmpty(owner) || one.Owner == owner)
            && (tags is not { Count: > 0 } || one.Tags.Intersect(tags, StringComparer.Ordinal).Any());
    }

    private static void Bound(Fields fields, string name, string text, int longest)
    {
        if (text.Length > longest)
        {
            fields.Refuse(name, $"String should have at most {longest} characters");
        }
        else if (text.Contains('\0', StringComparison.Ordinal))
        {
            fields.Refuse(name, "must not contain a NUL character");
        }
    }
}
