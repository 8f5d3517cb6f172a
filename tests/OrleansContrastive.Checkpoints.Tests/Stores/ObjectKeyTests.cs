using FsCheck;
using FsCheck.Fluent;
using OrleansContrastive.Checkpoints.Stores;

namespace OrleansContrastive.Checkpoints.Tests.Stores;

public sealed class ObjectKeyTests
{
    [Theory]
    [InlineData("manifest.json")]
    [InlineData("run-1/checkpoints/000000000012/parameters-0-of-2.7.safetensors")]
    [InlineData("a_b=c@d+e%41~")]
    public void Plain_paths_are_keys(string key) => ObjectKey.Check(key);

    [Theory]
    [InlineData("/etc/passwd", "an empty segment")]
    [InlineData("a//b", "an empty segment")]
    [InlineData("a/", "an empty segment")]
    [InlineData("../a", "'..'")]
    [InlineData("a/../../b", "'..'")]
    [InlineData(".locks/00", "'.locks'")]
    [InlineData("a b", "' '")]
    [InlineData("a\\b", "'\\'")]
    [InlineData("a\0b", "the character")]
    [InlineData("naïve", "'ï'")]
    public void Anything_that_could_leave_the_folder_is_refused(string key, string fault)
    {
        var error = Assert.Throws<ArgumentException>(() => ObjectKey.Check(key));
        Assert.Contains(fault, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Long_keys_are_refused()
    {
        Assert.Contains("201", Assert.Throws<ArgumentException>(() => ObjectKey.Check(new string('a', 201))).Message, StringComparison.Ordinal);
        var deep = string.Join('/', Enumerable.Repeat("abcdefghi", 91));
        Assert.Contains("909", Assert.Throws<ArgumentException>(() => ObjectKey.Check(deep)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_text_makes_a_segment_of_its_own()
    {
        var texts = ArbMap.Default.ArbFor<NonEmptyString>();
        Prop.ForAll(texts, texts, (one, other) =>
        {
            var (first, second) = (ObjectKey.Segment(one.Get), ObjectKey.Segment(other.Get));
            ObjectKey.Check(first);
            return !first.Contains('/', StringComparison.Ordinal) && (first == second) == SameBytes(one.Get, other.Get);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Long_texts_that_differ_at_their_end_differ_as_segments()
    {
        var text = new string('x', 5000);
        Assert.NotEqual(ObjectKey.Segment(text + "a"), ObjectKey.Segment(text + "b"));
        ObjectKey.Check(ObjectKey.Segment(text));
    }

    // Lone surrogates all become U+FFFD in UTF-8.
    private static bool SameBytes(string one, string other) =>
        System.Text.Encoding.UTF8.GetBytes(one).SequenceEqual(System.Text.Encoding.UTF8.GetBytes(other));
}
