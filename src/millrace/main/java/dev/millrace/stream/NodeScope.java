package dev.millrace.stream;

import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.internals.InternalProcessorContext;
import org.apache.kafka.streams.processor.internals.ProcessorNode;

/**
 * A processor's node in the topology: lets it forward records while its task commits.
 *
 * <p>Forwarding goes to the children of the context's current node, and during a commit there is none. Kafka's own caching
 * stores set the node the same way when their flush forwards.
 */
final class NodeScope {

    private final InternalProcessorContext<?, ?> context;
    private final ProcessorNode<?, ?, ?, ?> node;

    private NodeScope(InternalProcessorContext<?, ?> context, ProcessorNode<?, ?, ?, ?> node) {
        this.context = context;
        this.node = node;
    }

    /** The node whose {@code init} is running. */
    static NodeScope of(ProcessorContext<?, ?> context) {
        if (!(context instanceof InternalProcessorContext<?, ?> internal) || internal.currentNode() == null) {
            throw new IllegalStateException(
                    "expected the context of an active task in init, found " + context.getClass());
        }
        return new NodeScope(internal, internal.currentNode());
    }

    void run(Runnable forwarding) {
        ProcessorNode<?, ?, ?, ?> before = context.currentNode();
        context.setCurrentNode(node);
        try {
            forwarding.run();
        } finally {
            context.setCurrentNode(before);
        }
    }
}
