import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

interface Patch {
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** How often `from` is there. */
  readonly times: number;
}

const collection = 'internal/backends/sqlite/collection.go';

/**
 * What keeps FerretDB 1.24 from standing in for a mongod where a test has more than a few sessions. None of it changes
 * what it answers.
 */
export const patches: readonly Patch[] = [
  {
    // It looks an id up only where a query asks for nothing else, and never several; otherwise it decodes the whole
    // collection.
    file: collection,
    from: `
	if params.Filter.Len() == 1 {
		v, _ := params.Filter.Get("_id")
		switch v.(type) {
		case string, types.ObjectID:
			whereClause = fmt.Sprintf(\` WHERE %s = ?\`, metadata.IDColumn)
			args = []any{string(must.NotFail(sjson.MarshalSingleValue(v)))}
		}
	}
`,
    to: `
	whereClause, args = whereID(params.Filter)
`,
    times: 1,
  },
  {
    file: collection,
    from: '// check interfaces\n',
    to: `
func whereID(filter *types.Document) (string, []any) {
	if filter.Len() == 0 {
		return "", nil
	}
	v, _ := filter.Get("_id")
	ids := []any{v}
	if operators, ok := v.(*types.Document); ok && operators.Len() == 1 {
		in, _ := operators.Get("$in")
		if array, ok := in.(*types.Array); ok {
			ids = nil
			for i := 0; i < array.Len(); i++ {
				ids = append(ids, must.NotFail(array.Get(i)))
			}
		}
	}
	var args []any
	for _, id := range ids {
		if _, ok := id.(string); !ok {
			return "", nil
		}
		args = append(args, string(must.NotFail(sjson.MarshalSingleValue(id))))
	}
	if len(args) == 0 {
		return "", nil
	}
	return fmt.Sprintf(\` WHERE %s IN (?%s)\`, metadata.IDColumn, strings.Repeat(", ?", len(args)-1)), args
}

// check interfaces
`,
    times: 1,
  },
  {
    // And not even then by its index on ids, which is made on the same path, spelled otherwise.
    file: 'internal/backends/sqlite/metadata/metadata.go',
    from: `IDColumn = DefaultColumn + "->'$._id'"`,
    to: 'IDColumn = DefaultColumn + `->"_id"`',
    times: 1,
  },
  {
    // Each statement of an update keeps a connection to its database until the command ends; a hundred are all it has, and
    // it waits for one more for ever.
    file: 'internal/handler/msg_update.go',
    from: '\t\tdefer closer.Close()\n',
    to: '',
    times: 1,
  },
  {
    file: 'internal/handler/msg_update.go',
    from: 'result, err := common.UpdateDocument(ctx, c, "update", iter, &u)\n',
    to: 'result, err := common.UpdateDocument(ctx, c, "update", iter, &u)\n\t\tcloser.Close()\n',
    times: 1,
  },
];

/** Copies the module and patches the copy. Rejects where a patch does not fit. */
export async function copyPatched(module: string, copy: string): Promise<void> {
  for (const entry of await readdir(module, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const source = join(entry.parentPath, entry.name);
    const target = join(copy, source.slice(module.length));
    await mkdir(dirname(target), { recursive: true });
    await copyFile(source, target);
  }
  for (const { file, from, to, times } of patches) {
    const path = join(copy, file);
    const text = await readFile(path, 'utf8');
    if (text.split(from).length !== times + 1) throw new Error(`a patch does not fit FerretDB's ${file}`);
    // What Go has downloaded can only be read, and so can its copy.
    await rm(path);
    await writeFile(
      path,
      text.replaceAll(from, () => to),
    );
  }
}
