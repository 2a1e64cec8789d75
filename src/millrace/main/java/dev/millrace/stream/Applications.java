package dev.millrace.stream;

import java.util.Map;
import org.apache.kafka.streams.Topology;

/**
 * The Streams applications of a process.
 *
 * @param topologies by the part of the path that each is
 */
public record Applications(Map<Part, Topology> topologies) {

    public Applications {
        topologies = Map.copyOf(topologies);
    }
}
