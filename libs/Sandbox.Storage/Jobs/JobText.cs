using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sandbox.Contracts.Jobs;

namespace Sandbox.Storage.Jobs;

/// <summary>A job as the text that its row keeps.</summary>
internal static class JobText
{
    public const string Unreadable = "The job is of a kind or version that this program does not know, or its row is damaged.";

    /// <summary>With the trace of the caller.</summary>
    public static string Of(SandboxJob job) =>
        JsonSerializer.Serialize(job with { TraceParent = job.TraceParent ?? Activity.Current?.Id }, JobJson.Default.SandboxJob);

    /// <summary>Null: written by a program that knows other jobs, or damaged.</summary>
    /// <param name="version">Of the record; the row's own, for the text may have been written before it was known.</param>
    public static SandboxJob? TryRead(string text, long version)
    {
        try
        {
            return JsonSerializer.Deserialize(text, JobJson.Default.SandboxJob) is { } job ? job with { SandboxVersion = version } : null;
        }
        catch (Exception exception)
            when (exception is JsonException or NotSupportedException or InvalidDataException or FormatException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>What a dead letter keeps: everything but the registry password.</summary>
    public static string WithoutSecrets(SandboxJob job) => Of(job switch
    {
        StartSandboxJob { RegistryPassword: not null } start => start with { RegistryPassword = null, PasswordDropped = true },
        CommitSandboxJob { Password: not null } commit => commit with { Password = null },
        _ => job,
    });

    /// <summary>The same of a job that cannot be read. What is not even JSON is not kept at all.</summary>
    public static string WithoutSecrets(string unreadable)
    {
        try
        {
            if (JsonNode.Parse(unreadable) is JsonObject job)
            {
                foreach (var secret in job.Select(field => field.Key).Where(IsSecret).ToList())
                {
                    job.Remove(secret);
                }

                return job.ToJsonString();
            }
        }
        catch (JsonException)
        {
            // It cannot be told what is in it.
        }

        return "";
    }

    private static bool IsSecret(string field) => field.Contains("password", StringComparison.OrdinalIgnoreCase);
}
