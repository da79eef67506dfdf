using System.Runtime.CompilerServices;
using System.Text;
using LLama;
using LLama.Common;
using LLama.Exceptions;
using LLama.Native;
using LLama.Sampling;

namespace Sandbox.Serving.Llama.Inference;

/// <summary>One model in memory, which continues texts.</summary>
internal sealed class LlamaModel : IDisposable
{
    private const int BatchTokens = 512;

    private readonly LLamaWeights _weights;
    private readonly ContextPool _contexts;
    private readonly uint _contextLength;

    private LlamaModel(LLamaWeights weights, ModelParams parameters, LlamaOptions options)
    {
        (_weights, _contextLength) = (weights, parameters.ContextSize!.Value);
        _contexts = new(weights, parameters, options.Parallel, options.Queue);
    }

    /// <exception cref="LlamaStartException">The file is missing, or no model.</exception>
    public static LlamaModel Load(LlamaOptions options)
    {
        if (!File.Exists(options.Model))
        {
            throw new LlamaStartException($"the model file {options.Model} does not exist");
        }

        NativeLog.Install();
        var parameters = new ModelParams(options.Model)
        {
            GpuLayerCount = 0,
            BatchSize = BatchTokens,
            Threads = options.Threads,
            BatchThreads = options.Threads,
        };
        try
        {
            var weights = LLamaWeights.LoadFromFile(parameters);
            parameters.ContextSize = (uint)Math.Min(options.ContextLength, weights.ContextSize);
            return new(weights, parameters, options);
        }
        catch (Exception exception) when (exception is LoadWeightsFailedException or RuntimeError or InvalidOperationException)
        {
            throw new LlamaStartException(
                $"the model file {options.Model} cannot be loaded: {NativeLog.FirstError ?? exception.Message}");
        }
    }

    /// <summary>The prompt in tokens, as the model reads it.</summary>
    /// <param name="special">Whether the names of control tokens in the text mean these tokens: in a template's text only.</param>
    /// <exception cref="PromptTooLongException">It leaves no room for an answer.</exception>
    public LLamaToken[] Tokenize(string prompt, bool special)
    {
        var tokens = _weights.Tokenize(prompt, add_bos: true, special, Encoding.UTF8);
        return tokens.Length < _contextLength ? tokens : throw new PromptTooLongException(tokens.Length, _contextLength);
    }

    /// <summary>The text of a conversation in the model's own template; ChatML for a model without one.</summary>
    public string ApplyTemplate(IEnumerable<(string Role, string Content)> messages)
    {
        var template = new LLamaTemplate(_weights, strict: false) { AddAssistant = true };
        foreach (var (role, content) in messages)
        {
            template.Add(role, content);
        }

        return Encoding.UTF8.GetString(template.Apply());
    }

    /// <summary>Continues a prompt; the last step says how it ended.</summary>
    /// <exception cref="QueueFullException">As many requests wait as may.</exception>
    public async IAsyncEnumerable<GenerationStep> GenerateAsync(
        LLamaToken[] prompt, GenerationOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var context = await _contexts.RentAsync(cancellationToken);
        try
        {
            using var sampling = SamplingOf(options);
            var (decoder, stop) = (new StreamingTokenDecoder(Encoding.UTF8, _weights), new StopWords(options.Stop));
            var most = Math.Min(options.MaxTokens ?? int.MaxValue, (int)_contextLength - prompt.Length);
            var batch = new LLamaBatch();
            await ReadPromptAsync(context, batch, prompt, cancellationToken);
            for (var made = 0; made < most; made++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var token = sampling.Sample(context.NativeHandle, batch.TokenCount - 1);
                if (token.IsEndOfGeneration(_weights.Vocab))
                {
                    yield return new(stop.Flush(), made, "stop");
                    yield break;
                }

                decoder.Add(token);
                var text = stop.Append(decoder.Read());
                if (stop.IsFound)
                {
                    yield return new(text, made + 1, "stop");
                    yield break;
                }

                yield return new(text, made + 1, null);
                if (made + 1 < most)
                {
                    batch.Clear();
                    batch.Add(token, prompt.Length + made, LLamaSeqId.Zero, logits: true);
                    await DecodeAsync(context, batch, cancellationToken);
                }
            }

            yield return new(stop.Flush(), most, "length");
        }
        finally
        {
            _contexts.Return(context);
        }
    }

    public void Dispose()
    {
        _contexts.Dispose();
        _weights.Dispose();
    }

    private static async Task ReadPromptAsync(
        LLamaContext context, LLamaBatch batch, LLamaToken[] prompt, CancellationToken cancellationToken)
    {
        for (var start = 0; start < prompt.Length; start += BatchTokens)
        {
            batch.Clear();
            var end = Math.Min(start + BatchTokens, prompt.Length);
            for (var index = start; index < end; index++)
            {
                batch.Add(prompt[index], index, LLamaSeqId.Zero, logits: index == prompt.Length - 1);
            }

            await DecodeAsync(context, batch, cancellationToken);
        }
    }

    private static async Task DecodeAsync(LLamaContext context, LLamaBatch batch, CancellationToken cancellationToken)
    {
        if (await context.DecodeAsync(batch, cancellationToken) is var result and not DecodeResult.Ok)
        {
            throw new InvalidOperationException($"The model could not be computed: {result}.");
        }
    }

    private static ISamplingPipeline SamplingOf(GenerationOptions options) => options.Temperature <= 0
        ? new GreedySamplingPipeline()
        : new DefaultSamplingPipeline
        {
            Temperature = options.Temperature,
            TopP = options.TopP,
            TopK = 0,
            MinP = 0,
            Seed = options.Seed,
        };
}
