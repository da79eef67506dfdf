using System.Text;

namespace Sandbox.Serving.Llama.Tests;

/// <summary>Writes a GGUF file: the llama architecture with one layer of 32 values, random weights from a fixed seed, and a vocabulary of
/// the bytes and the printable characters. What it says has no sense, but is always the same.</summary>
internal static class TinyModel
{
    public const int ContextLength = 2048;

    private const int Width = 32;
    private const int Inner = 64;
    private const int Heads = 2;
    private const int Alignment = 32;
    private const int Seed = 20;

    private const uint UInt32Kind = 4;
    private const uint Int32Kind = 5;
    private const uint FloatKind = 6;
    private const uint StringKind = 8;
    private const uint ArrayKind = 9;

    private enum TokenKind
    {
        Normal = 1,
        Unknown = 2,
        Control = 3,
        Byte = 6,
    }

    public static void Write(string path)
    {
        var vocabulary = Vocabulary();
        var tensors = Tensors(vocabulary);
        using var writer = new BinaryWriter(File.Create(path), Encoding.UTF8);
        writer.Write("GGUF"u8);
        writer.Write(3u);
        writer.Write((ulong)tensors.Count);
        WriteMetadata(writer, vocabulary);

        var offset = 0UL;
        foreach (var (name, shape, values) in tensors)
        {
            WriteText(writer, name);
            writer.Write((uint)shape.Length);
            Array.ForEach(shape, size => writer.Write((ulong)size));
            writer.Write(0u);
            writer.Write(offset);
            offset += (ulong)(((values.Length * sizeof(float)) + Alignment - 1) / Alignment * Alignment);
        }

        foreach (var (_, _, values) in tensors)
        {
            Pad(writer);
            Array.ForEach(values, writer.Write);
        }

        Pad(writer);
    }

    private static void WriteMetadata(BinaryWriter writer, List<(string Text, TokenKind Kind)> vocabulary)
    {
        var numbers = new (string Name, int Value)[]
        {
            ("llama.context_length", ContextLength),
            ("llama.embedding_length", Width),
            ("llama.block_count", 1),
            ("llama.feed_forward_length", Inner),
            ("llama.attention.head_count", Heads),
            ("llama.attention.head_count_kv", Heads),
            ("llama.rope.dimension_count", Width / Heads),
            ("llama.vocab_size", vocabulary.Count),
            ("tokenizer.ggml.unknown_token_id", 0),
            ("tokenizer.ggml.bos_token_id", 1),
            ("tokenizer.ggml.eos_token_id", 2),
        };
        writer.Write((ulong)(numbers.Length + 6));
        foreach (var (name, value) in numbers)
        {
            WriteKey(writer, name, UInt32Kind);
            writer.Write((uint)value);
        }

        WriteKey(writer, "general.architecture", StringKind);
        WriteText(writer, "llama");
        WriteKey(writer, "llama.attention.layer_norm_rms_epsilon", FloatKind);
        writer.Write(1e-5f);
        WriteKey(writer, "tokenizer.ggml.model", StringKind);
        WriteText(writer, "llama");
        WriteArray(writer, "tokenizer.ggml.tokens", StringKind, vocabulary, token => WriteText(writer, token.Text));
        WriteArray(writer, "tokenizer.ggml.scores", FloatKind, vocabulary, _ => writer.Write(0f));
        WriteArray(writer, "tokenizer.ggml.token_type", Int32Kind, vocabulary, token => writer.Write((int)token.Kind));
    }

    /// <summary>The tokenizer writes a space as U+2581.</summary>
    private static List<(string Text, TokenKind Kind)> Vocabulary() =>
    [
        ("<unk>", TokenKind.Unknown), ("<s>", TokenKind.Control), ("</s>", TokenKind.Control),
        .. Enumerable.Range(0, 256).Select(value => ($"<0x{value:X2}>", TokenKind.Byte)),
        ("\u2581", TokenKind.Normal),
        .. Enumerable.Range('!', '~' - '!' + 1).Select(value => (((char)value).ToString(), TokenKind.Normal)),
    ];

    private static List<(string Name, int[] Shape, float[] Values)> Tensors(List<(string Text, TokenKind Kind)> vocabulary)
    {
        var random = new Random(Seed);
        float[] Values(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() * 2) - 1))];
        (string, int[], float[]) Matrix(string name, int columns, int rows) => (name, [columns, rows], Values(columns * rows));
        (string, int[], float[]) Ones(string name) => (name, [Width], [.. Enumerable.Repeat(1f, Width)]);

        var output = Matrix("output.weight", Width, vocabulary.Count);
        // Only what can be read is ever said: the others are less likely than the likeliest of a hundred.
        for (var token = 0; token < vocabulary.Count; token++)
        {
            if (vocabulary[token].Kind is not TokenKind.Normal)
            {
                Array.Clear(output.Item3, token * Width, Width);
            }
        }

        return
        [
            Matrix("token_embd.weight", Width, vocabulary.Count), Ones("output_norm.weight"), output,
            Ones("blk.0.attn_norm.weight"), Matrix("blk.0.attn_q.weight", Width, Width), Matrix("blk.0.attn_k.weight", Width, Width),
            Matrix("blk.0.attn_v.weight", Width, Width), Matrix("blk.0.attn_output.weight", Width, Width),
            Ones("blk.0.ffn_norm.weight"), Matrix("blk.0.ffn_gate.weight", Width, Inner), Matrix("blk.0.ffn_up.weight", Width, Inner),
            Matrix("blk.0.ffn_down.weight", Inner, Width),
        ];
    }

    private static void WriteArray<T>(BinaryWriter writer, string name, uint kind, List<T> items, Action<T> write)
    {
        WriteKey(writer, name, ArrayKind);
        writer.Write(kind);
        writer.Write((ulong)items.Count);
        items.ForEach(write);
    }

    private static void WriteKey(BinaryWriter writer, string name, uint kind)
    {
        WriteText(writer, name);
        writer.Write(kind);
    }

    private static void WriteText(BinaryWriter writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private static void Pad(BinaryWriter writer)
    {
        while (writer.BaseStream.Position % Alignment is not 0)
        {
            writer.Write((byte)0);
        }
    }
}
