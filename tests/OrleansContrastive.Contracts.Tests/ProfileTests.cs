using System.CodeDom.Compiler;
using System.Reflection;
using Orleans;
using OrleansContrastive.Contracts.Runs;

namespace OrleansContrastive.Contracts.Tests;

/// <summary>
/// The profile of Orleans that this project keeps to (docs/architecture.md), asserted by reflection: the stand-in's
/// run-time proxies would take more than the real generator does.
/// </summary>
public sealed class ProfileTests
{
    private static readonly Assembly Contracts = typeof(RunSpec).Assembly;

    private static IEnumerable<Type> GrainInterfaces() =>
        Contracts.GetTypes().Where(type => type.IsInterface && typeof(IGrain).IsAssignableFrom(type));

    private static IEnumerable<Type> WireTypes() =>
        Contracts.GetTypes().Where(type => type.GetCustomAttribute<GenerateSerializerAttribute>() is not null);

    [Fact]
    public void Grain_interfaces_have_string_keys_and_aliases()
    {
        Assert.NotEmpty(GrainInterfaces());
        foreach (var grain in GrainInterfaces())
        {
            Assert.True(typeof(IGrainWithStringKey).IsAssignableFrom(grain), $"{grain.Name} has no string key.");
            Assert.True(grain.GetCustomAttribute<AliasAttribute>() is not null, $"{grain.Name} has no alias.");
        }
    }

    [Fact]
    public void Grain_methods_return_tasks_and_take_at_most_one_token_last()
    {
        foreach (var method in GrainInterfaces().SelectMany(grain => grain.GetMethods()))
        {
            var name = $"{method.DeclaringType!.Name}.{method.Name}";
            var returns = method.ReturnType.IsGenericType ? method.ReturnType.GetGenericTypeDefinition() : method.ReturnType;
            Assert.True(
                returns == typeof(Task) || returns == typeof(Task<>) || returns == typeof(ValueTask) || returns == typeof(ValueTask<>),
                $"{name} returns {method.ReturnType.Name}.");
            Assert.True(method.GetCustomAttribute<AliasAttribute>() is not null, $"{name} has no alias.");
            var parameters = method.GetParameters();
            for (var i = 0; i < parameters.Length; i++)
            {
                Assert.False(parameters[i].ParameterType.IsByRef, $"{name} takes {parameters[i].Name} by reference.");
                Assert.True(
                    parameters[i].ParameterType != typeof(CancellationToken) || i == parameters.Length - 1,
                    $"{name} takes a token that is not its last parameter.");
            }
        }
    }

    [Fact]
    public void Aliases_are_unique()
    {
        // What the real generator adds repeats the aliases of what it serves.
        var written = Contracts.GetTypes().Where(type => !type.IsDefined(typeof(GeneratedCodeAttribute)));
        var aliases = written.Select(type => type.GetCustomAttribute<AliasAttribute>()?.Alias).OfType<string>().ToList();
        Assert.Equal(aliases.Count, aliases.Distinct().Count());
        foreach (var grain in GrainInterfaces())
        {
            var methods = grain.GetMethods().Select(method => method.GetCustomAttribute<AliasAttribute>()!.Alias).ToList();
            Assert.Equal(methods.Count, methods.Distinct().Count());
        }
    }

    [Fact]
    public void Wire_types_have_an_alias_and_every_stored_member_an_id_from_zero_without_gaps()
    {
        Assert.NotEmpty(WireTypes());
        foreach (var type in WireTypes())
        {
            Assert.True(type.GetCustomAttribute<AliasAttribute>() is not null, $"{type.Name} has no alias.");
            var stored = type.GetProperties(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly)
                .Where(property => type.GetField($"<{property.Name}>k__BackingField", BindingFlags.NonPublic | BindingFlags.Instance) is not null)
                .ToList();
            foreach (var property in stored)
                Assert.True(property.GetCustomAttribute<IdAttribute>() is not null, $"{type.Name}.{property.Name} has no id.");
            var ids = stored.Select(property => property.GetCustomAttribute<IdAttribute>()!.Id).Order().ToList();
            Assert.True(ids.SequenceEqual(Enumerable.Range(0, ids.Count).Select(id => (uint)id)), $"{type.Name} has the ids {string.Join(", ", ids)}.");
        }
    }

    [Fact]
    public void Members_are_types_that_travel()
    {
        var known = WireTypes().ToHashSet();
        foreach (var type in WireTypes())
        {
            foreach (var property in type.GetProperties().Where(property => property.GetCustomAttribute<IdAttribute>() is not null))
                Assert.True(Travels(property.PropertyType, known), $"{type.Name}.{property.Name} is a {property.PropertyType}.");
        }

        foreach (var parameter in GrainInterfaces().SelectMany(grain => grain.GetMethods()).SelectMany(method => method.GetParameters()))
            Assert.True(parameter.ParameterType == typeof(CancellationToken) || Travels(parameter.ParameterType, known), $"{parameter.Member.DeclaringType!.Name}.{parameter.Member.Name}: {parameter.ParameterType}.");
    }

    [Fact]
    public void Numbers_never_travel_one_by_one()
    {
        // An array of floats has one field header per element on Orleans' wire; values travel as blocks.
        foreach (var property in WireTypes().SelectMany(type => type.GetProperties()))
            Assert.False(property.PropertyType == typeof(float[]), $"{property.DeclaringType!.Name}.{property.Name} is a float[].");
    }

    private static bool Travels(Type type, HashSet<Type> known)
    {
        if (Nullable.GetUnderlyingType(type) is { } value) return Travels(value, known);
        if (type.IsArray) return Travels(type.GetElementType()!, known);
        return type.IsPrimitive || type.IsEnum || known.Contains(type) || type == typeof(string) || type == typeof(TimeSpan) || type == typeof(ReadOnlyMemory<byte>);
    }
}
