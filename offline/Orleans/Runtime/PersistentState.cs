using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Providers;
using Orleans.Storage;

namespace Orleans.Runtime;

/// <summary>One persistent state of one activation.</summary>
internal abstract class PersistentState
{
    /// <summary>Makes the state that a parameter of the grain's constructor asks for.</summary>
    /// <exception cref="OrleansException">No storage has the name it asks for.</exception>
    public static PersistentState Create(Activation activation, ParameterInfo parameter)
    {
        var type = parameter.ParameterType;
        if (!type.IsGenericType || type.GetGenericTypeDefinition() != typeof(IPersistentState<>))
        {
            throw new OrleansConfigurationException(
                $"Parameter {parameter.Name} of {parameter.Member.DeclaringType} is a persistent state: expected IPersistentState<T>, found {type}.");
        }

        var attribute = parameter.GetCustomAttribute<PersistentStateAttribute>()!;
        var name = attribute.StorageName ?? ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME;
        var storage = activation.ActivationServices.GetKeyedService<IGrainStorage>(name) ?? throw new OrleansException(
            $"No storage provider named \"{name}\" found loading grain type {activation.Class.Type.FullName}.");
        var state = (PersistentState)Activator.CreateInstance(
            typeof(PersistentState<>).MakeGenericType(type.GetGenericArguments()), activation, attribute.StateName, storage)!;
        activation.Add(state);
        return state;
    }

    /// <summary>A state before anything was stored: made by the constructor without parameters where there is one.</summary>
    public static T CreateInitial<T>()
    {
        if (typeof(T).IsValueType) return default!;
        return (T)(typeof(T).GetConstructor(Type.EmptyTypes) is not null
            ? Activator.CreateInstance(typeof(T))!
            : RuntimeHelpers.GetUninitializedObject(typeof(T)));
    }

    /// <summary>Reads the state before the grain activates.</summary>
    public abstract Task LoadAsync(CancellationToken cancellationToken);
}

internal sealed class PersistentState<TState>(Activation activation, string name, IGrainStorage storage) : PersistentState, IPersistentState<TState>
{
    private readonly GrainState<TState> _state = new(CreateInitial<TState>());
    private bool _isLoaded;

    public TState State
    {
        get
        {
            CheckTurn();
            return _state.State!;
        }

        set
        {
            CheckTurn();
            _state.State = value;
        }
    }

    public string? Etag => _state.ETag;

    public bool RecordExists => _isLoaded ? _state.RecordExists : throw new InvalidOperationException("State has not yet been loaded");

    public Task ReadStateAsync() => ReadStateAsync(CancellationToken.None);

    public Task WriteStateAsync() => WriteStateAsync(CancellationToken.None);

    public Task ClearStateAsync() => ClearStateAsync(CancellationToken.None);

    public async Task ReadStateAsync(CancellationToken cancellationToken)
    {
        CheckTurn();
        try
        {
            await storage.ReadStateAsync(name, activation.GrainId, _state, cancellationToken);
            _isLoaded = true;
        }
        catch (Exception exception)
        {
            throw Explain(exception, nameof(ReadStateAsync), cancellationToken);
        }
    }

    public async Task WriteStateAsync(CancellationToken cancellationToken)
    {
        CheckTurn();
        try
        {
            await storage.WriteStateAsync(name, activation.GrainId, _state, cancellationToken);
        }
        catch (Exception exception)
        {
            throw Explain(exception, nameof(WriteStateAsync), cancellationToken);
        }
    }

    public async Task ClearStateAsync(CancellationToken cancellationToken)
    {
        CheckTurn();
        try
        {
            await storage.ClearStateAsync(name, activation.GrainId, _state, cancellationToken);
        }
        catch (Exception exception)
        {
            throw Explain(exception, nameof(ClearStateAsync), cancellationToken);
        }
    }

    public override Task LoadAsync(CancellationToken cancellationToken) => ReadStateAsync(cancellationToken);

    private void CheckTurn()
    {
        if (RuntimeContext.Current is null)
            throw new InvalidOperationException($"State \"{name}\" of {activation.GrainId} can be used from the grain's own turns only.");
    }

    // Errors of the runtime's own kind pass as they are, all others are told apart by where they came from.
    private Exception Explain(Exception exception, string operation, CancellationToken cancellationToken)
    {
        if (exception is OrleansException || (exception is OperationCanceledException && cancellationToken.IsCancellationRequested))
            ExceptionDispatchInfo.Throw(exception);
        activation.Silo.Log.StorageFailed(exception, operation, name, activation.GrainId);
        return new OrleansException(
            $"Error from storage provider {storage.GetType().Name}.{name} during {operation} for grain {activation.GrainId}: {exception.Message}", exception);
    }
}
