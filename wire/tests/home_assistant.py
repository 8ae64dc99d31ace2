"""Reads home-assistant.yaml as Home Assistant does: YAML, then a Jinja template for each figure.

Standard input: a JSON list of the payloads there are. Standard output: a JSON list of [entity, template key, payload's
number, text it came to], of each template and each payload of its topic.
"""
import json
import sys

import jinja2
import yaml

with open(sys.argv[1]) as file:
    entities = yaml.safe_load(file)["mqtt"]
payloads = json.load(sys.stdin)
environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
out = []
seen = set()
for platform, of_platform in entities.items():
    assert platform in ("binary_sensor", "sensor"), platform
    for entity in of_platform:
        assert entity["unique_id"] not in seen, entity
        seen.add(entity["unique_id"])
        for key, topic_key in (
            ("value_template", "state_topic"),
            ("availability_template", "availability_topic"),
            ("json_attributes_template", "json_attributes_topic"),
        ):
            if key not in entity:
                continue
            template = environment.from_string(entity[key])
            for number, (topic, payload) in enumerate(payloads):
                if topic == entity[topic_key]:
                    out.append([entity["unique_id"], key, number, template.render(value_json=payload)])
json.dump(out, sys.stdout)
