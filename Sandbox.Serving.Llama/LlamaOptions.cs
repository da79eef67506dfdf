using System.Globalization;

namespace Sandbox.Serving.Llama;

/// <summary>What the program is told by its arguments; the key comes from its environment.</summary>
internal sealed record LlamaOptions
{
    /// <summary>The variable with the key that the routes below <c>/v1</c> ask for.</summary>
    public const string KeyVariable = "LLAMA_API_KEY";

    /// <summary>A model's own context may be so long that its cache alone fills a laptop.</summary>
    private const int DefaultContextLength = 4096;

    /// <summary>The GGUF file.</summary>
    public required string Model { get; init; }

    /// <summary>The name by which clients ask for the model.</summary>
    public required string Name { get; init; }

    public required string Host { get; init; }

    /// <summary>0: one that is free.</summary>
    public required int Port { get; init; }

    /// <summary>Of each context, in tokens; at most what the model was trained for.</summary>
    public int ContextLength { get; init; } = DefaultContextLength;

    /// <summary>How many requests are computed at once, each with a context of its own.</summary>
    public int Parallel { get; init; } = 1;

    /// <summary>How many requests may wait for a context.</summary>
    public int Queue { get; init; } = 64;

    /// <summary>Threads that compute one request; null: llama.cpp's choice.</summary>
    public int? Threads { get; init; }

    public string? ApiKey { get; init; }

    /// <exception cref="LlamaStartException">An argument is missing or wrong.</exception>
    public static LlamaOptions Read(IConfiguration configuration)
    {
        var model = configuration["model"] is { Length: > 0 } file
            ? file : throw new LlamaStartException("--model FILE.gguf is required");
        return new()
        {
            Model = model,
            Name = configuration["alias"] ?? Path.GetFileNameWithoutExtension(model),
            Host = configuration["host"] ?? "127.0.0.1",
            Port = Number(configuration, "port", 0, 65535) ?? 8000,
            ContextLength = Number(configuration, "ctx-size", 1, int.MaxValue) ?? DefaultContextLength,
            Parallel = Number(configuration, "parallel", 1, 256) ?? 1,
            Queue = Number(configuration, "queue", 0, 100_000) ?? 64,
            Threads = Number(configuration, "threads", 1, 4096),
            ApiKey = configuration[KeyVariable] is { Length: > 0 } key ? key : null,
        };
    }

    private static int? Number(IConfiguration configuration, string name, int least, int most) =>
        configuration[name] is not { } text ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number
        : throw new LlamaStartException($"--{name} is a whole number from {least} to {most}, not '{text}'");
}
