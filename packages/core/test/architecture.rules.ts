import { posix } from 'node:path';
import ts from 'typescript';

/** The repository as the rules see it: path from the root to text, of source files and `package.json` files. */
export type Repository = ReadonlyMap<string, string>;
type Rule = (repository: Repository) => string[];

interface Import {
  readonly specifier: string;
  readonly isTypeOnly: boolean;
  readonly isNamespace: boolean;
}

const isSource = (path: string) => /^packages\/.*\/src\/.*\.tsx?$/.test(path) && !path.endsWith('.d.ts');
const sourcesOf = (repository: Repository) => [...repository.keys()].filter(isSource).sort();
const isPublished = (path: string) => /^packages\/(core|forecast|adapters)\//.test(path);
/** `packages/core`, `packages/examples/recipes`. */
const packageOf = (path: string) => /^packages\/(examples\/)?[^/]+/.exec(path)![0];

const parsed = new Map<string, ts.SourceFile>();
function parse(repository: Repository, path: string): ts.SourceFile {
  const text = repository.get(path)!;
  const known = parsed.get(path + text);
  if (known) return known;
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  parsed.set(path + text, file);
  return file;
}

/** Every import of a file: declarations, re-exports, `import()` in code and in types. */
function importsOf(repository: Repository, path: string): Import[] {
  const found: Import[] = [];
  const add = (node: ts.Node | undefined, isTypeOnly: boolean, isNamespace = false) => {
    if (node && ts.isStringLiteralLike(node)) found.push({ specifier: node.text, isTypeOnly, isNamespace });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      const clause = node.importClause;
      const bindings = clause?.namedBindings;
      const isEachType =
        bindings !== undefined &&
        ts.isNamedImports(bindings) &&
        bindings.elements.every((element) => element.isTypeOnly);
      const isTypeOnly = clause?.phaseModifier === ts.SyntaxKind.TypeKeyword || (isEachType && !clause?.name);
      add(node.moduleSpecifier, isTypeOnly, bindings !== undefined && ts.isNamespaceImport(bindings));
    } else if (ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, node.isTypeOnly);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, true);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], false);
    }
    ts.forEachChild(node, visit);
  };
  visit(parse(repository, path));
  return found;
}

const resolve = (path: string, specifier: string) => posix.join(posix.dirname(path), specifier);
const externalName = (specifier: string) => /^(@[^/]+\/)?[^/]+/.exec(specifier)![0];

function eachImport(repository: Repository, check: (path: string, imported: Import) => string | undefined): string[] {
  return sourcesOf(repository).flatMap((path) =>
    importsOf(repository, path).flatMap((imported) => {
      const breach = check(path, imported);
      return breach === undefined ? [] : [`${path}: ${breach}`];
    }),
  );
}

/** examples → adapters, forecast → core, by package name; nothing points back. */
export const packageDirection: Rule = (repository) =>
  eachImport(repository, (path, { specifier }) => {
    const home = packageOf(path);
    if (specifier.startsWith('.')) {
      return resolve(path, specifier).startsWith(`${home}/`) ? undefined : `reaches out of its package: ${specifier}`;
    }
    if (!specifier.startsWith('@spillway/') || !isPublished(path)) return undefined;
    const isAllowed = home !== 'packages/core' && externalName(specifier) === '@spillway/core';
    return isAllowed ? undefined : `must not import ${specifier}`;
  });

/** What a room of core may import beside itself and what is for all; `types` allows `import type` only. */
const ROOMS: Readonly<Record<string, Readonly<Record<string, 'types' | 'values'>>>> = {
  admission: { pack: 'values' },
  autoscale: { pack: 'values' },
  pack: { mig: 'values' },
  spillover: { autoscale: 'types' },
  spot: { autoscale: 'types' },
  capacity: { autoscale: 'types' },
  waste: { pack: 'values' },
  schedule: { carbon: 'values' },
};
const FOR_ALL = new Set([
  'fleet',
  'internal',
  'check-number.ts',
  'units.ts',
  'time-series.ts',
  'random.ts',
  'reasons.ts',
  'errors.ts',
]);
const ROOM = /^packages\/core\/src\/([^/]+)/;

/** Inside core a room knows itself, what is for all, and what DESIGN section 2 grants it. */
export const roomsOfCore: Rule = (repository) =>
  eachImport(repository, (path, { specifier, isTypeOnly }) => {
    const room = ROOM.exec(path)?.[1];
    const other = specifier.startsWith('.') ? ROOM.exec(resolve(path, specifier))?.[1] : undefined;
    if (room === undefined || other === undefined || room === other) return undefined;
    if (room === 'index.ts') return other === 'schema' ? 'must not load zod: export it from /schema only' : undefined;
    if (FOR_ALL.has(other) && !(other === 'fleet' && FOR_ALL.has(room))) return undefined;
    const granted = room === 'schema' && other !== 'index.ts' ? 'types' : ROOMS[room]?.[other];
    if (granted === 'values' || (granted === 'types' && isTypeOnly)) return undefined;
    return `'${room}' must not import ${granted === 'types' ? 'values of ' : ''}'${other}'`;
  });

const HOMES: readonly (readonly [name: string, home: string])[] = [
  ['zod', 'packages/core/src/schema/'],
  ['eventemitter3', 'packages/examples/reference-runner/'],
  ['p-queue', 'packages/examples/reference-runner/'],
];

/** Dependencies that have one place; core and forecast load no other and no part of Node. */
export const dependencies: Rule = (repository) =>
  eachImport(repository, (path, { specifier, isNamespace }) => {
    if (specifier.startsWith('.') || specifier.startsWith('@spillway/')) return undefined;
    const name = externalName(specifier);
    const home = HOMES.find(([dependency]) => dependency === name)?.[1];
    if (home !== undefined && !path.startsWith(home)) return `${name} belongs to ${home}`;
    if (name === 'zod' && !isNamespace) return "write import * as z from 'zod': the named z cannot be tree-shaken";
    const isPure = /^packages\/(core|forecast)\//.test(path);
    return isPure && home === undefined ? `must not import ${specifier}` : undefined;
  });

/** No file imports itself by way of others, not even for types. */
export const cycles: Rule = (repository) => {
  const done = new Set<string>();
  const breaches: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      breaches.push(`import cycle: ${[...trail.slice(trail.indexOf(path)), path].join(' → ')}`);
      return;
    }
    if (done.has(path)) return;
    for (const { specifier } of importsOf(repository, path)) {
      const target = resolve(path, specifier);
      if (specifier.startsWith('.') && repository.has(target)) visit(target, [...trail, path]);
    }
    done.add(path);
  };
  for (const path of sourcesOf(repository)) visit(path, []);
  return breaches;
};

/** Rooms with an index that are reached from the root of their package, not by a subpath. */
const INNER_ROOMS = new Set(['packages/adapters/src/contract/index.ts']);

/** Each `exports` entry has its index, each index its entry, and the names of the built files follow from it. */
export const exportsOfPackages: Rule = (repository) => {
  const manifests = [...repository.keys()].filter((path) => isPublished(path) && path.endsWith('/package.json'));
  return manifests.flatMap((manifest) => {
    const home = packageOf(manifest);
    const { exports } = JSON.parse(repository.get(manifest)!) as { exports: Record<string, unknown> };
    const entries = Object.entries(exports).filter(([, target]) => typeof target === 'object');
    const breaches = entries.flatMap(([subpath, target]) => {
      const stem = posix.join(subpath.slice(2), 'index');
      const expected = {
        '@spillway/source': `./src/${stem}.ts`,
        import: { types: `./dist/${stem}.d.ts`, default: `./dist/${stem}.js` },
        require: { types: `./dist/${stem}.d.cts`, default: `./dist/${stem}.cjs` },
      };
      const isBuilt = JSON.stringify(target) === JSON.stringify(expected);
      return [
        ...(isBuilt ? [] : [`${manifest}: '${subpath}' must be ${JSON.stringify(expected)}`]),
        ...(repository.has(`${home}/src/${stem}.ts`) ? [] : [`${manifest}: '${subpath}' has no src/${stem}.ts`]),
      ];
    });
    const unexported = sourcesOf(repository).filter((path) => {
      const room = new RegExp(`^${home}/src/(?:(.+)/)?index\\.ts$`).exec(path);
      return room && !INNER_ROOMS.has(path) && !(room[1] === undefined ? '.' in exports : `./${room[1]}` in exports);
    });
    return [...breaches, ...unexported.map((path) => `${path}: is not in exports`)];
  });
};

/** The face of a room names what it shows, and does nothing else. */
export const faces: Rule = (repository) =>
  sourcesOf(repository)
    .filter((path) => path.endsWith('/index.ts') && isPublished(path))
    .flatMap((path) =>
      parse(repository, path)
        .statements.filter((line) => !ts.isExportDeclaration(line) || !line.moduleSpecifier || !isNamed(line))
        .map((line) => `${path}: only named 'export … from' lines, found '${line.getText().slice(0, 40)}'`),
    );
const isNamed = (line: ts.ExportDeclaration) => line.exportClause !== undefined && ts.isNamedExports(line.exportClause);

/** Whoever hovers over a public name reads what it is. */
export const docComments: Rule = (repository) => {
  const faces = sourcesOf(repository).filter((path) => isPublished(path) && path.endsWith('/index.ts'));
  return [...new Set(faces.flatMap((path) => undocumented(repository, path, undefined)))];
};

/** Exports of a file without a doc comment; of all names, or of one. Follows re-exports to the declaration. */
function undocumented(repository: Repository, path: string, name: string | undefined): string[] {
  return parse(repository, path).statements.flatMap((line) => {
    if (
      ts.isExportDeclaration(line) &&
      line.moduleSpecifier &&
      line.exportClause &&
      ts.isNamedExports(line.exportClause)
    ) {
      const target = resolve(path, (line.moduleSpecifier as ts.StringLiteral).text);
      if (!repository.has(target)) return [];
      return line.exportClause.elements
        .filter((element) => name === undefined || element.name.text === name)
        .flatMap((element) => undocumented(repository, target, (element.propertyName ?? element.name).text));
    }
    const isDeclared = name !== undefined && namesOf(line).includes(name);
    return isDeclared && !ts.getJSDocCommentsAndTags(line).some(ts.isJSDoc)
      ? [`${path}: '${name}' has no doc comment`]
      : [];
  });
}

function namesOf(line: ts.Statement): string[] {
  if (ts.isVariableStatement(line)) return line.declarationList.declarations.map(({ name }) => name.getText());
  const isNamedDeclaration =
    ts.isFunctionDeclaration(line) ||
    ts.isClassDeclaration(line) ||
    ts.isInterfaceDeclaration(line) ||
    ts.isTypeAliasDeclaration(line);
  return isNamedDeclaration && line.name ? [line.name.text] : [];
}

/** A name that the importer chooses is a name that nobody can search for. */
export const noDefaultExports: Rule = (repository) =>
  sourcesOf(repository).flatMap((path) => {
    const hasDefault = parse(repository, path).statements.some(
      (line) =>
        ts.isExportAssignment(line) ||
        (ts.canHaveModifiers(line) &&
          ts.getModifiers(line)?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)) === true ||
        (ts.isExportDeclaration(line) && /\bas default\b/.test(line.getText())),
    );
    return hasDefault ? [`${path}: has a default export`] : [];
  });

/** A file is named after its idea. */
export const fileNames: Rule = (repository) =>
  sourcesOf(repository).flatMap((path) => {
    const name = posix.basename(path).replace(/\.tsx?$/, '');
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) return [`${path}: is not kebab-case`];
    return /^(utils?|helpers?|common|misc)$/.test(name) ? [`${path}: says nothing about what is in it`] : [];
  });
