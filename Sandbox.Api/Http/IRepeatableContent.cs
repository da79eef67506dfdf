namespace Sandbox.Api.Http;

/// <summary>Content that can be sent again from its beginning.</summary>
internal interface IRepeatableContent;
