package dev.millrace.stream;

import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.streams.Topology;

/**
 * The Streams applications of a process, for packages that know no class of Kafka.
 *
 * @param topologies by the part of the path that each is
 */
public record Applications(Map<Part, Topology> topologies) {

    public Applications {
        topologies = Map.copyOf(topologies);
    }

    public Applications without(Part part) {
        Map<Part, Topology> others = new HashMap<>(topologies);
        others.remove(part);
        return new Applications(others);
    }
}
