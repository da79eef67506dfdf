using System.Text.Json;

namespace Sandbox.Contracts.Rock;

/// <summary>An environment of EnvHub: the body of <c>POST /env/register</c>, and with the two times its answer.</summary>
public sealed record EnvironmentMessage(string EnvName, string Image)
{
    public string Owner { get; init; } = "";

    public string Description { get; init; } = "";

    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>An object; null: none.</summary>
    public JsonElement? ExtraSpec { get; init; }

    /// <summary>ISO 8601; null in a request.</summary>
    public string? CreateAt { get; init; }

    /// <summary>ISO 8601; null in a request.</summary>
    public string? UpdateAt { get; init; }
}

/// <summary>Body of <c>POST /env/get</c> and <c>POST /env/delete</c>.</summary>
public sealed record EnvironmentNameRequest(string EnvName);

/// <summary>Body of <c>POST /env/list</c>: of this owner, with any of these tags; null: of all.</summary>
public sealed record EnvironmentListRequest(string? Owner, IReadOnlyList<string>? Tags);

/// <summary>Answer of <c>POST /env/list</c>.</summary>
public sealed record EnvironmentList(IReadOnlyList<EnvironmentMessage> Envs);
