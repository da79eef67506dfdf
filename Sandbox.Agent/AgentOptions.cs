using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Sandbox.Agent;

/// <summary>What the command line says. Exactly one of <see cref="Dial"/> and <see cref="Listen"/> is set.</summary>
internal sealed record AgentOptions
{
    internal const string Usage =
        "usage: sandbox-agent --dial unix:PATH | --dial tcp:HOST:PORT --token-file FILE | --listen ADDRESS:PORT --token-file FILE "
            + "[--token-for init|all] [--grace SECONDS] [--home FOLDER]";

    /// <summary>The owner to connect to: a Unix socket, or a host and a port.</summary>
    public EndPoint? Dial { get; init; }

    /// <summary>Where to wait for an owner instead.</summary>
    public IPEndPoint? Listen { get; init; }

    /// <summary>Shown to the owner when dialling TCP, demanded of it when listening. Read once, from a file.</summary>
    public string Token { get; init; } = "";

    /// <summary>When listening: the token opens the first init only, which brings another one (pods of a pool, which all start with the
    /// same).
    /// </summary>
    public bool TokenIsForInit { get; init; }

    /// <summary>Time without any owner after which everything inside is ended; <see cref="TimeSpan.Zero"/>: never (default when
    /// listening). Default when dialling: 10 minutes.</summary>
    public TimeSpan Grace { get; init; }

    /// <summary>Home of the account the agent runs under, instead of what passwd says; null: as there.</summary>
    public string? Home { get; init; }

    internal static bool TryParse(string[] args, [NotNullWhen(true)] out AgentOptions? options, [NotNullWhen(false)] out string? error)
    {
        options = null;
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < args.Length; i += 2)
        {
            if (args[i] is not ("--dial" or "--listen" or "--token-file" or "--token-for" or "--grace" or "--home") || i + 1 == args.Length
                || !values.TryAdd(args[i], args[i + 1]))
            {
                error = $"'{args[i]}' is unknown, repeated or has no value.";
                return false;
            }
        }

        options = Build(values, out error);
        return options is not null && error is null;
    }

    private static AgentOptions? Build(Dictionary<string, string> values, out string? error)
    {
        var dial = values.TryGetValue("--dial", out var address) ? ParseOwner(address) : null;
        var listen = values.TryGetValue("--listen", out var local) && IPEndPoint.TryParse(local, out var endPoint) ? endPoint : null;
        error = (dial, listen) switch
        {
            (null, null) => "--dial or --listen with a valid address is needed.",
            (not null, not null) => "--dial and --listen exclude each other.",
            _ => null,
        };
        var grace = listen is null ? 600.0 : 0.0;
        if (values.TryGetValue("--grace", out var seconds)
            && !(double.TryParse(seconds, NumberStyles.Float, CultureInfo.InvariantCulture, out grace) && grace is >= 0 and <= 1e9))
        {
            error ??= "--grace takes seconds, 0 for never.";
        }

        var tokenFor = values.GetValueOrDefault("--token-for", "all");
        if (tokenFor is not ("init" or "all"))
        {
            error ??= "--token-for takes init or all.";
        }

        var token = ReadToken(
            values.GetValueOrDefault("--token-file"), needed: dial is not System.Net.Sockets.UnixDomainSocketEndPoint, ref error);
        return new AgentOptions
        {
            Dial = dial,
            Listen = listen,
            Token = token,
            TokenIsForInit = tokenFor is "init",
            Grace = TimeSpan.FromSeconds(grace),
            Home = values.GetValueOrDefault("--home")
        };
    }

    private static EndPoint? ParseOwner(string address)
    {
        if (address.StartsWith("unix:/", StringComparison.Ordinal))
        {
            return new System.Net.Sockets.UnixDomainSocketEndPoint(address["unix:".Length..]);
        }

        var colon = address.LastIndexOf(':');
        return address.StartsWith("tcp:", StringComparison.Ordinal) && colon > "tcp:".Length
            && ushort.TryParse(address[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0
                ? new DnsEndPoint(address["tcp:".Length..colon].Trim('[', ']'), port)
                : null;
    }

    private static string ReadToken(string? file, bool needed, ref string? error)
    {
        if (file is null)
        {
            error ??= needed ? "--token-file is needed with TCP." : null;
            return "";
        }

        try
        {
            var token = File.ReadAllText(file).Trim();
            error ??= token.Length < Http.DemandedToken.Shortest ? "The token in --token-file must have at least 16 characters." : null;
            return token;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            error ??= $"--token-file '{file}' cannot be read.";
            return "";
        }
    }
}
