namespace Orleans.Runtime
{
    /// <summary>An error of the runtime itself.</summary>
    public class OrleansException : Exception
    {
        /// <summary>An error without words.</summary>
        public OrleansException() { }

        /// <summary>An error in words.</summary>
        public OrleansException(string message) : base(message) { }

        /// <summary>An error in words, with what led to it.</summary>
        public OrleansException(string message, Exception? innerException) : base(message, innerException) { }
    }

    /// <summary>A message was refused before a grain saw it.</summary>
    public class OrleansMessageRejectionException : OrleansException
    {
        internal OrleansMessageRejectionException(string message) : base(message) { }

        internal OrleansMessageRejectionException(string message, Exception? innerException) : base(message, innerException) { }
    }

    /// <summary>The silo that should serve the call is not there, or no longer.</summary>
    public sealed class SiloUnavailableException : OrleansMessageRejectionException
    {
        /// <summary>Without words.</summary>
        public SiloUnavailableException() : base("The silo is unavailable.") { }

        /// <summary>In words.</summary>
        public SiloUnavailableException(string msg) : base(msg) { }

        /// <summary>In words, with what led to it.</summary>
        public SiloUnavailableException(string message, Exception innerException) : base(message, innerException) { }
    }

    /// <summary>The configuration cannot work.</summary>
    public sealed class OrleansConfigurationException : Exception
    {
        /// <summary>In words.</summary>
        public OrleansConfigurationException(string message) : base(message) { }

        /// <summary>In words, with what led to it.</summary>
        public OrleansConfigurationException(string message, Exception innerException) : base(message, innerException) { }
    }
}

namespace Orleans.Runtime.Messaging
{
    /// <summary>A connection could not be opened.</summary>
    public class ConnectionFailedException : OrleansException
    {
        /// <summary>Without words.</summary>
        public ConnectionFailedException() { }

        /// <summary>In words.</summary>
        public ConnectionFailedException(string message) : base(message) { }

        /// <summary>In words, with what led to it.</summary>
        public ConnectionFailedException(string message, Exception innerException) : base(message, innerException) { }
    }

    /// <summary>A message is larger than a frame may be, or is none.</summary>
    public sealed class InvalidMessageFrameException : OrleansException
    {
        /// <summary>Without words.</summary>
        public InvalidMessageFrameException() { }

        /// <summary>In words.</summary>
        public InvalidMessageFrameException(string message) : base(message) { }

        /// <summary>In words, with what led to it.</summary>
        public InvalidMessageFrameException(string message, Exception innerException) : base(message, innerException) { }
    }
}

namespace Orleans.Serialization
{
    /// <summary>A value cannot travel.</summary>
    public class SerializerException : Exception
    {
        /// <summary>In words.</summary>
        public SerializerException(string message) : base(message) { }

        /// <summary>In words, with what led to it.</summary>
        public SerializerException(string message, Exception innerException) : base(message, innerException) { }
    }

    /// <summary>A type is not known to the serializer: it lacks <see cref="GenerateSerializerAttribute"/>.</summary>
    public sealed class CodecNotFoundException : SerializerException
    {
        /// <summary>In words.</summary>
        public CodecNotFoundException(string message) : base(message) { }
    }
}
