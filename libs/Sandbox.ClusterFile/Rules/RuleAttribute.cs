using System.Text.Json.Nodes;

namespace Sandbox.ClusterFile.Rules;

/// <summary>What one value must be like: told to people who got it wrong, and to editors through the JSON Schema.</summary>
[AttributeUsage(AttributeTargets.Property)]
public abstract class RuleAttribute : Attribute
{
    /// <summary>Null: the value is good. Otherwise what it must be, after "must".</summary>
    internal abstract string? WhyBad(object value);

    /// <summary>The form in which a good value is kept.</summary>
    internal virtual object Normal(object value) => value;

    internal abstract void Describe(JsonObject schema);
}
