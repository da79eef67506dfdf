namespace Sandbox.House.Tests;

/// <summary>A class that needs more than seven others does more than one thing.</summary>
public sealed class ConstructorTests
{
    private const int Most = 7;

    [Fact]
    public void Constructors_OutsideTests_HaveAtMostSevenParameters()
    {
        var constructors = Repository.Sources()
            .Where(file => !Path.GetRelativePath(Repository.Root, file).StartsWith("tests", StringComparison.Ordinal))
            .SelectMany(file => SourceText.ConstructorsOf(SourceText.CodeOf(File.ReadAllText(file)))
                .Select(found => (found.Type, found.Parameters, File: Path.GetRelativePath(Repository.Root, file))))
            .ToList();

        Assert.True(constructors.Count > 200, $"only {constructors.Count} constructors were found: they are not read as they are written");
        Assert.Empty(constructors.Where(found => found.Parameters > Most)
            .Select(found => $"{found.Type} has {found.Parameters} parameters, in {found.File}"));
    }

    [Theory]
    [InlineData("class A;", 0)]
    [InlineData("class A();", 0)]
    [InlineData("class A(int one, Func<int, (string, bool)> two) : B(one, two);", 2)]
    [InlineData("struct A<T>(\n    T one, // three, in words\n    string two = \"a, b\")\n    where T : class;", 2)]
    [InlineData("class A { public A(int one, int[,] two, [In, Out] int three) { } }", 3)]
    [InlineData("class A { private A() { } internal int Sum(int one, int two) => one + two; }", 0)]
    [InlineData("class A(Func<int, int> one = null) { static A Of(int two, int three) => new A(x => x); }", 1)]
    [InlineData("record A(int One, int Two);", 0)]
    [InlineData("record struct A(int One, int Two);", 0)]
    public void Constructor_IsCounted_AsItIsWritten(string code, int expected) =>
        Assert.Equal(expected, SourceText.ConstructorsOf(SourceText.CodeOf(code)).Sum(found => found.Parameters));
}
