namespace Sandbox.Api.Agents;

/// <summary>How far an agent's answer could be read.</summary>
internal enum AnswerReading
{
    Whole,

    /// <summary>It has more content than one answer may have.</summary>
    TooLarge,

    /// <summary>This process holds as much as it may.</summary>
    NoRoom,
}
