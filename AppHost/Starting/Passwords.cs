using System.Buffers;

namespace AppHost.Starting;

/// <summary>Passwords that a person gave: what the stores' connection strings cannot carry is refused here, and not found out by a
/// database that nobody can enter.</summary>
internal static class Passwords
{
    private static readonly SearchValues<char> InRedis = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~!@%^*+:/?");

    /// <exception cref="DistributedApplicationException">One cannot be carried.</exception>
    public static async Task CheckAsync(DistributedApplicationModel model, CancellationToken cancellationToken)
    {
        foreach (var store in model.Resources)
        {
            if (store is PostgresServerResource postgres
                && await postgres.PasswordParameter.GetValueAsync(cancellationToken) is { } password)
            {
                var isFine = !password.AsSpan().ContainsAny('\'', '"') && IsPlain(password);
                Check(postgres.PasswordParameter, isFine, "quotes, line breaks or {{");
            }
            else if (store is RedisResource { PasswordParameter: { } parameter }
                && await parameter.GetValueAsync(cancellationToken) is { } word)
            {
                // Its connection string knows no quotes, and its image gets the password by way of a shell.
                Check(parameter, !word.AsSpan().ContainsAnyExcept(InRedis), "other characters than letters, digits and -_.~!@%^*+:/?");
            }
        }
    }

    /// <summary>The orchestrator takes double braces for a template.</summary>
    private static bool IsPlain(string text) => !text.Contains("{{", StringComparison.Ordinal) && !text.Any(char.IsControl);

    private static void Check(ParameterResource parameter, bool isFine, string refused)
    {
        if (!isFine)
        {
            throw new DistributedApplicationException($"Parameters__{parameter.Name} must not contain {refused}.");
        }
    }
}
