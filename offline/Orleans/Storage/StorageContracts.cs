using Orleans.Core;
using Orleans.Runtime;

namespace Orleans.Core
{
    /// <summary>State kept outside of the activation, without its type.</summary>
    public interface IStorage
    {
        /// <summary>The tag of what was last read or written; null where nothing is stored.</summary>
        string? Etag { get; }

        /// <summary>Whether something is stored.</summary>
        bool RecordExists { get; }

        /// <summary>Removes what is stored, on condition of the tag.</summary>
        Task ClearStateAsync();

        /// <summary>Stores the state, on condition of the tag.</summary>
        Task WriteStateAsync();

        /// <summary>Reads the state again; changes that were not written are lost.</summary>
        Task ReadStateAsync();

        /// <inheritdoc cref="ClearStateAsync()"/>
        Task ClearStateAsync(CancellationToken cancellationToken) => ClearStateAsync();

        /// <inheritdoc cref="WriteStateAsync()"/>
        Task WriteStateAsync(CancellationToken cancellationToken) => WriteStateAsync();

        /// <inheritdoc cref="ReadStateAsync()"/>
        Task ReadStateAsync(CancellationToken cancellationToken) => ReadStateAsync();
    }

    /// <summary>State kept outside of the activation.</summary>
    public interface IStorage<TState> : IStorage
    {
        /// <summary>The state in memory; written by <see cref="IStorage.WriteStateAsync()"/> only.</summary>
        TState State { get; set; }
    }
}

namespace Orleans.Runtime
{
    /// <summary>
    /// One named state of a grain, given to its constructor by <see cref="PersistentStateAttribute"/>, read before
    /// <see cref="IGrainBase.OnActivateAsync"/>. Another writer shows as <see cref="Storage.InconsistentStateException"/>, which,
    /// when it leaves a call, ends the activation.
    /// </summary>
    public interface IPersistentState<TState> : IStorage<TState>;

    /// <summary>Which state, in which storage.</summary>
    public interface IPersistentStateConfiguration
    {
        /// <summary>The name of the state within the grain.</summary>
        string StateName { get; }

        /// <summary>The name of the storage; null for the default one.</summary>
        string? StorageName { get; }
    }

    /// <summary>Asks for a persistent state as a parameter of a grain's constructor.</summary>
    [AttributeUsage(AttributeTargets.Parameter)]
    public class PersistentStateAttribute(string stateName, string? storageName = null) : Attribute, IPersistentStateConfiguration
    {
        /// <inheritdoc/>
        public string StateName { get; } = stateName;

        /// <inheritdoc/>
        public string? StorageName { get; } = storageName;
    }
}

namespace Orleans
{
    /// <summary>What a storage reads into and writes from.</summary>
    public interface IGrainState<T>
    {
        /// <summary>The state.</summary>
        T? State { get; set; }

        /// <summary>The tag of what was last read or written.</summary>
        string? ETag { get; set; }

        /// <summary>Whether something is stored.</summary>
        bool RecordExists { get; set; }
    }

    /// <summary>A plain <see cref="IGrainState{T}"/>.</summary>
    [GenerateSerializer]
    public sealed class GrainState<T> : IGrainState<T>
    {
        /// <summary>Without a state.</summary>
        public GrainState() { }

        /// <summary>With a state.</summary>
        public GrainState(T? state) : this(state, null) { }

        /// <summary>With a state and its tag.</summary>
        public GrainState(T? state, string? eTag)
        {
            State = state;
            ETag = eTag;
        }

        /// <inheritdoc/>
        [Id(0)]
        public T? State { get; set; }

        /// <inheritdoc/>
        [Id(1)]
        public string? ETag { get; set; }

        /// <inheritdoc/>
        [Id(2)]
        public bool RecordExists { get; set; }
    }
}

namespace Orleans.Providers
{
    /// <summary>Names that mean something to the runtime.</summary>
    public static class ProviderConstants
    {
        /// <summary>The storage that is used where none is named.</summary>
        public const string DEFAULT_STORAGE_PROVIDER_NAME = "Default";
    }
}

namespace Orleans.Storage
{
    /// <summary>
    /// Stores the states of grains under (state name, grain), with a tag per record: a write or clear whose tag is not the
    /// record's throws <see cref="InconsistentStateException"/>. Called from many activations at once.
    /// </summary>
    public interface IGrainStorage
    {
        /// <summary>Reads into <paramref name="grainState"/>: state, tag, and whether there is a record.</summary>
        Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);

        /// <summary>Writes from <paramref name="grainState"/> and sets its new tag.</summary>
        Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);

        /// <summary>Removes the record.</summary>
        Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);

        /// <inheritdoc cref="ReadStateAsync{T}(string, GrainId, IGrainState{T})"/>
        Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
            ReadStateAsync(stateName, grainId, grainState);

        /// <inheritdoc cref="WriteStateAsync{T}(string, GrainId, IGrainState{T})"/>
        Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
            WriteStateAsync(stateName, grainId, grainState);

        /// <inheritdoc cref="ClearStateAsync{T}(string, GrainId, IGrainState{T})"/>
        Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
            ClearStateAsync(stateName, grainId, grainState);
    }

    /// <summary>The record was changed by somebody else since it was read.</summary>
    [GenerateSerializer]
    public class InconsistentStateException : OrleansException
    {
        /// <summary>Without words.</summary>
        public InconsistentStateException() { }

        /// <summary>In words.</summary>
        public InconsistentStateException(string message) : base(message) { }

        /// <summary>In words, with what led to it.</summary>
        public InconsistentStateException(string message, Exception? innerException) : base(message, innerException) { }

        /// <summary>In words, with both tags.</summary>
        public InconsistentStateException(string errorMsg, string? storedEtag, string? currentEtag)
            : this(errorMsg, storedEtag, currentEtag, null) { }

        /// <summary>In words, with both tags and what led to it.</summary>
        public InconsistentStateException(string errorMsg, string? storedEtag, string? currentEtag, Exception? storageException)
            : base(errorMsg, storageException)
        {
            StoredEtag = storedEtag;
            CurrentEtag = currentEtag;
        }

        /// <summary>In the storage's words, with both tags.</summary>
        public InconsistentStateException(string? storedEtag, string? currentEtag, Exception storageException)
            : this(storageException.Message, storedEtag, currentEtag, storageException) { }

        /// <summary>The tag of the record.</summary>
        [Id(1)]
        public string? StoredEtag { get; private set; }

        /// <summary>The tag the writer had.</summary>
        [Id(2)]
        public string? CurrentEtag { get; private set; }

        // Only the activation that wrote is out of step with its record; a caller that lets the error pass is not.
        internal bool IsSourceActivation { get; set; } = true;

        /// <inheritdoc/>
        public override string ToString() =>
            $"InconsistentStateException: {Message} Expected Etag={StoredEtag} Received Etag={CurrentEtag} {InnerException}";
    }
}
