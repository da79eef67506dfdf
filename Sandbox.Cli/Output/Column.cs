namespace Sandbox.Cli.Output;

/// <summary>A column of a table that fits its screen.</summary>
/// <param name="Least">Characters that it may be cut to; null: it is never cut.</param>
/// <param name="Rank">Where the columns do not fit even so, the one with the highest rank is left out first; 0 never is.</param>
internal sealed record Column(string Heading, int? Least = null, int Rank = 0);
