namespace OrleansContrastive.Infra.Tests.Bicep;

/// <summary>The reader of templates, on small ones.</summary>
public sealed class BicepTests
{
    [Fact]
    public void A_parameter_has_its_type_its_default_and_its_decorators()
    {
        var file = Parser.Read("@description('It\\'s ${1}')\n@minLength(1)\nparam names string[] = [\n  'a'\n  'b' // first\n]\nparam size 'small'\n  | 'large'\n", "file");

        Assert.Equal(["names", "size"], file.Select(statement => statement.Name));
        Assert.Equal(["description", "minLength"], file[0].Decorators.Select(decorator => decorator.Name));
        Assert.Equal(["a", "b"], ((ArrayValue)file[0].Value!).Items.Select(item => ((Text)item).Literal));
        Assert.Equal(["'small'", "|", "'large'"], file[1].TypeTokens.Select(token => token.Text));
        Assert.Null(file[1].Value);
    }

    [Fact]
    public void A_string_holds_expressions_with_strings_in_them()
    {
        var text = (Text)Parser.Read("var url = 'https://${empty(host) ? '${a}.b' : { x: '}' }.x}/\\${no}'", "file")[0].Value!;

        Assert.Null(text.Literal);
        Assert.Equal("https://WORD/${no}", text.With("WORD"));
        Assert.Equal(["host", "a"], text.All().OfType<Name>().Select(name => name.Value));
    }

    [Fact]
    public void A_string_of_many_lines_is_taken_as_it_is() =>
        Assert.Equal("a '${b}'\n", ((Text)Parser.Read("var text = '''a '${b}'\n'''\nvar other = 1", "file")[0].Value!).Literal);

    [Fact]
    public void The_body_of_a_resource_is_found_behind_loop_and_condition()
    {
        var file = Parser.Read(
            """
            resource apps 'Some/apps@2024-01-01' = [
              for (silo, index) in silos: if (silo.on && index > 0) {
                name: silo.name
                properties: {
                  count: index == 0
                    ? 1
                    : -2
                  'with space': union(a, { b: c!.outputs.d[0].?e })
                }
              }
            ]
            module one 'one.bicep' = if (!empty(x)) { name: 'one', params: { p: 1 } }
            resource old 'Some/old@2024-01-01' existing = { name: 'old' }
            """, "file");

        Assert.IsType<Conditional>(Assert.IsType<Loop>(file[0].Value).Body);
        Assert.Equal(["?:", "==", "-"], file[0].Body!.At("properties", "count")!.All().OfType<Operation>().Select(operation => operation.Operator));
        Assert.Equal(["e", "d", "outputs"], file[0].Body!.At("properties", "with space")!.All().OfType<Member>().Select(member => member.Property));
        Assert.Equal(1, ((Number)file[1].Body!.At("params", "p")!).Value);
        Assert.True(file[2].IsExisting);
    }

    [Theory]
    [InlineData("var a = 'open", "file(1): found a string without its end")]
    [InlineData("var a = [\n1\n", "file(3): found '' where a value is expected")]
    [InlineData("var a = 1 2", "file(1): found '2' after a statement")]
    [InlineData("parm a string", "file(1): found 'parm' where a statement begins")]
    [InlineData("var a = x ? 1", "a '?' without its ':'")]
    [InlineData("/* open", "a comment without its end")]
    public void What_is_no_template_is_refused_with_its_line(string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<FormatException>(() => Parser.Read(text, "file")).Message, StringComparison.Ordinal);
}
