using System.ComponentModel.DataAnnotations;

namespace Sandbox.Domain.Specs;

/// <summary>An option that is a size of more than zero (or null).</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SizeAttribute() : ValidationAttribute("The field {0} must be a size of more than zero, for example 512m or 8g.")
{
    public override bool IsValid(object? value) =>
        value is null || (value is string text && SizeText.TryParse(text, out var bytes) && bytes > 0);
}
