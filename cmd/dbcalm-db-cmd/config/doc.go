// Package config is the daemon's configuration: the file it is read from, the
// keys, their defaults, what they mean and what is wrong with them.
//
// It owns every key's name, type, bounds and meaning, and the place of the file.
// It may import machine and steps, for what they say of the values that they
// take, and human. The YAML of the configuration is read here and nowhere else.
//
//	Load(path, host)
//	  ├─ readFile, collect      the file's nodes, with their lines: ours and others'
//	  ├─ Defaults               an empty file's configuration on this machine
//	  ├─ apply                  the file's values over the defaults, by settings
//	  ├─ computeDefaults        what depends on other keys
//	  └─ validate               everything that is wrong
//
// What must stay true:
//
//   - Defaults and validation are two steps, and every problem is found before
//     one is reported. The daemon runs only without any.
//   - The file belongs to other programs too. Their keys are no error, and their
//     values are never looked at. What they take for the value of a key of ours
//     is taken, quoted or in another case, if it can be honoured; else it is
//     refused, since a setting that is passed over loses backups.
//   - No value that may hold a secret is shown: keys of other programs, misspelt
//     keys, forward, retrieve and on_finish.
//   - A finding names its line, the key, the value and what would do.
package config
